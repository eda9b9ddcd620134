import { describe, expect, it } from 'vitest';

import { configJsonSchema } from '../../src/config/json-schema.ts';
import { alertJsonSchema } from './alert-schema.ts';
import { configurationPage } from './configuration.ts';
import { fieldTable } from './fields.ts';

/** Every name under any `properties`, but for the two of a secret reference, which stand as one type. */
function names(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [...own, ...Object.values(schema).flatMap(names)].filter((name) => !['env', 'file'].includes(name));
}

const rowOf = (page: string, name: string) =>
  page.split('\n').some((line) => new RegExp(`^(?:\\| \`(?:.*[.])?${name}\` |## ${name}$)`, 'u').test(line)) ||
  page.includes(`.${name}.`);

describe('the reference of fields', () => {
  it.each([...new Set(names(configJsonSchema()))])('leaves out no key of the configuration: %s', (name) => {
    expect(rowOf(configurationPage(), name)).toBe(true);
  });

  it.each([...new Set(names(alertJsonSchema()))])('leaves out no field of an alert: %s', (name) => {
    expect(rowOf(fieldTable(alertJsonSchema()), name)).toBe(true);
  });

  it('names the variant that a field belongs to, and never breaks a table', () => {
    const variant = (type: string, own: string) => ({
      type: 'object',
      properties: { type: { const: type }, [own]: { type: 'string' } },
    });
    const either = { description: 'a|b', oneOf: [variant('one', 'x'), variant('two', 'y')] };
    expect(fieldTable({ properties: { either } }).split('\n').slice(2)).toEqual([
      '| `either` | object |  | a\\|b |',
      '| `either.type` | `one`, `two` | required | Tells which of the next fields belong to it |',
      '| `either.x` | string |  | With type `one`. |',
      '| `either.y` | string |  | With type `two`. |',
    ]);
  });
});

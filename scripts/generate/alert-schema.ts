import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { genericSchema } from '../../src/sources/generic/schema.ts';
import { fieldTable } from './fields.ts';
import { code, page } from './markdown.ts';

const FIXTURES = join(import.meta.dirname, '../../src/sources/generic/fixtures');

/** JSON Schema (2020-12) of the body of `POST /v1/alerts/generic`. */
export function alertJsonSchema(): object {
  return { title: 'Alert for POST /v1/alerts/generic', ...z.toJSONSchema(genericSchema, { io: 'input' }) };
}

export async function alertSchemaPage(): Promise<string> {
  const fixture = (name: string) => readFile(join(FIXTURES, name), 'utf8');
  return page(
    "Alert, Cordon's own format",
    'src/sources/generic/schema.ts',
    'What any detector without a format of its own sends to `POST /v1/alerts/generic`; as JSON Schema: ' +
      '[alert-schema.json](alert-schema.json). How it is sent and signed: [deploy.md](../deploy.md#4-detectors). ' +
      'What is checked beyond the schema (ids without invisible characters, an AWS account of twelve digits, times that are ' +
      'past and have a zone) is answered with 422 and the field. Unknown fields are refused.',
    fieldTable(alertJsonSchema()),
    '## The least that is accepted',
    code('json', await fixture('smallest.json')),
    '## With everything',
    code('json', await fixture('discovery-burst.json')),
  );
}

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { configJsonSchema } from './json-schema.ts';
import { parseConfig } from './load.ts';

const FOLDER = new URL('../../config/', import.meta.url);

test('config/cordon.schema.json is what `cordon config schema` prints', async () => {
  const written: unknown = JSON.parse(await readFile(new URL('cordon.schema.json', FOLDER), 'utf8'));
  expect(written).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

test('config/cordon.example.yaml is valid, without a warning, and shows every section', async () => {
  const text = await readFile(new URL('cordon.example.yaml', FOLDER), 'utf8');
  expect(parseConfig(text, 'cordon.example.yaml').warnings).toEqual([]);
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./cordon.schema.json');
  expect(Object.keys(parse(text) as object).toSorted()).toEqual(
    Object.keys(configJsonSchema().properties ?? {}).toSorted(),
  );
});

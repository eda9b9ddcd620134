import { z } from 'zod';

import { configSchema } from './schema.ts';

/** JSON Schema (2020-12) of what may stand in the file: editors complete and check by it. */
export function configJsonSchema(): JsonSchema {
  return { title: 'Configuration of Cordon', ...z.toJSONSchema(configSchema, { io: 'input' }) } as JsonSchema;
}

/** The part of JSON Schema that the configuration's schema uses to nest. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly propertyNames?: { readonly enum?: readonly string[] };
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** Keys that may stand at `path`, whichever alternative is meant. Empty where nothing nests. */
export function knownKeys(path: readonly PropertyKey[], schema: JsonSchema = configJsonSchema()): readonly string[] {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return [...new Set(alternatives.flatMap((alternative) => knownKeys(path, alternative)))];
  const [head, ...rest] = path;
  if (head === undefined) return [...Object.keys(schema.properties ?? {}), ...(schema.propertyNames?.enum ?? [])];
  const values = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const next = typeof head === 'number' ? schema.items : (schema.properties?.[String(head)] ?? values);
  return next ? knownKeys(rest, next) : [];
}

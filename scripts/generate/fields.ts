import { inlineCode, table } from './markdown.ts';

/** The part of JSON Schema that zod writes for our schemas. */
interface Schema {
  readonly type?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Field {
  readonly path: string;
  readonly type: string;
  readonly value: string;
  readonly description: string;
}

/** One row a field that a person can write, nested ones by their path: `approvers[].id`, `sources.<name>.secret`. */
export function fieldTable(schema: object, from = ''): string {
  const rows = fieldsOf(schema as Schema, from).map(({ path, type, value, description }) => [
    inlineCode(path),
    type,
    value,
    description,
  ]);
  return table(['Field', 'Type', 'Default', 'Meaning'], rows);
}

function fieldsOf(schema: Schema, path: string): readonly Field[] {
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants && !isSecret(schema)) return variantFields(variants, path);
  if (schema.items) return fieldsOf(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === 'object') return fieldsOf(schema.additionalProperties, `${path}.<name>`);
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    const nested = fieldsOf(property, inner);
    const isPlainSection = property.properties !== undefined && property.description === undefined;
    return isPlainSection ? nested : [field(inner, property, schema.required?.includes(name) ?? false), ...nested];
  });
}

/** Variants tell themselves apart by a constant `type`; each other field says to which of them it belongs. */
function variantFields(variants: readonly Schema[], path: string): readonly Field[] {
  const types = variants.map(({ properties }) => properties?.['type']?.const);
  if (types.includes(undefined)) return variants.flatMap((variant) => fieldsOf(variant, path));
  const names = types.map((type) => inlineCode(String(type)));
  const others = variants.flatMap((variant, index) => {
    const { type: _, ...properties } = variant.properties ?? {};
    const only = `With type ${names[index] ?? ''}.`;
    return fieldsOf({ ...variant, properties }, path).map((one) => ({
      ...one,
      description: [only, one.description].filter(Boolean).join(' '),
    }));
  });
  return [
    {
      path: `${path}.type`,
      type: names.join(', '),
      value: 'required',
      description: 'Tells which of the next fields belong to it',
    },
    ...others,
  ];
}

function field(path: string, schema: Schema, required: boolean): Field {
  const value =
    schema.default === undefined ? (required ? 'required' : '') : inlineCode(JSON.stringify(schema.default));
  return { path, type: typeOf(schema), value, description: schema.description ?? '' };
}

function typeOf(schema: Schema): string {
  if (isSecret(schema)) return 'secret: `env` or `file`';
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return [...new Set(variants.map(typeOf))].join(', ');
  if (schema.const !== undefined) return inlineCode(String(schema.const));
  if (schema.enum) return schema.enum.map((one) => inlineCode(String(one))).join(', ');
  if (schema.items) return schema.items.properties || schema.items.oneOf ? 'list' : `list of ${typeOf(schema.items)}`;
  if (schema.propertyNames?.enum) return `by name: ${typeOf(schema.propertyNames)}`;
  return [schema.type ?? 'any', range(schema)].filter(Boolean).join(' ');
}

function range({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const least = minimum ?? exclusiveMinimum;
  const above = exclusiveMinimum === undefined ? '' : 'above ';
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (least === undefined) return most === undefined ? '' : `to ${most}`;
  return most === undefined ? `${above || 'from '}${least}` : `${above}${least} to ${most}`;
}

function isSecret({ anyOf }: Schema): boolean {
  const keys = anyOf?.flatMap(({ properties }) => Object.keys(properties ?? {}));
  return keys?.join() === 'env,file';
}

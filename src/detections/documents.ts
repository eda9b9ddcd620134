import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

import { SEVERITIES } from '../domain/alert.ts';
import { LOG_SOURCES, logSourceOf } from './log-source.ts';
import { RuleError } from './rule-error.ts';

/** Fields of the Sigma specification v2 that describe a rule; they change nothing in what it matches. */
const description = {
  title: z.string().min(1).max(256),
  id: z.uuid(),
  name: z.string().min(1).optional(),
  status: z.enum(['stable', 'test', 'experimental', 'deprecated', 'unsupported']).optional(),
  description: z.string().optional(),
  references: z.array(z.string()).optional(),
  author: z.string().optional(),
  date: z.iso.date().optional(),
  modified: z.iso.date().optional(),
  license: z.string().optional(),
  tags: z.array(z.string()).default([]),
  falsepositives: z.array(z.string()).optional(),
  level: z.enum(SEVERITIES),
};

const SUPPORTED = Object.values(LOG_SOURCES).map(({ product, service }) => `${product} ${service}`);

const rule = z.strictObject({
  ...description,
  logsource: z
    .strictObject({ product: z.string(), service: z.string() })
    .refine(({ product, service }) => logSourceOf(product, service) !== undefined, {
      path: ['service'],
      error: `product and service must be one of: ${SUPPORTED.join(', ')}`,
    }),
  detection: z.looseObject({ condition: z.string().min(1) }),
});

const correlation = z.strictObject({
  ...description,
  correlation: z.strictObject({
    type: z.enum(['event_count', 'value_count']),
    rules: z.array(z.string()).min(1),
    'group-by': z.array(z.string()).min(1),
    timespan: z.string().regex(/^[1-9][0-9]{0,5}[smhd]$/u, 'a number and s, m, h or d, for example 15m'),
    condition: z.strictObject({ field: z.string().min(1).optional(), gte: z.int().min(1) }),
  }),
});

export type RuleDocument = z.infer<typeof rule>;
export type CorrelationDocument = z.infer<typeof correlation>;

/** The documents of a Sigma file, checked strictly: a field or construct that is not supported is an error, never ignored. */
export function parseDocuments(
  text: string,
  file: string,
): { rules: RuleDocument[]; correlations: CorrelationDocument[] } {
  const rules: RuleDocument[] = [];
  const correlations: CorrelationDocument[] = [];
  for (const [index, document] of [...parseAllDocuments(text)].entries()) {
    const where = `document ${index + 1}`;
    const [fault] = [...document.errors, ...document.warnings];
    if (fault) throw new RuleError(file, where, fault.message);
    const content: unknown = document.toJS({ maxAliasCount: 0 });
    if (typeof content === 'object' && content !== null && 'correlation' in content)
      correlations.push(check(correlation, content, file, where));
    else rules.push(check(rule, content, file, where));
  }
  return { rules, correlations };
}

function check<T>(schema: z.ZodType<T>, content: unknown, file: string, where: string): T {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || 'document'}: ${message}`);
  throw new RuleError(file, where, faults.join('; '));
}

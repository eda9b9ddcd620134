// Net 3: the lint rules fire. A rule that is misspelt or overridden by accident says nothing, and nobody would notice.
import { beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../../scripts/check/tool.ts';
import { sketch } from './sketch.ts';

const FLOATING = 'const work = async (): Promise<void> => {};\nexport function start(): void {\n  work();\n}\n';
const PRINTS = "console.log('x');\n";
const FORGETS =
  "export function f(a: 'x' | 'y'): number {\n  switch (a) {\n    case 'x':\n      return 1;\n  }\n  return 2;\n}\n";

/** Each file stands for one case, and breaks one rule. */
const BAD: readonly (readonly [rule: string, file: string, code: string])[] = [
  ['no-floating-promises', 'src/store/floating.ts', FLOATING],
  ['no-floating-promises', 'src/store/floating.test.ts', FLOATING],
  ['no-misused-promises', 'src/server/misused.ts', 'export const odd = [1].filter(async (n) => n > 1);\n'],
  ['no-explicit-any', 'src/domain/any.ts', 'export const a = (b: any): unknown => b;\n'],
  ['no-unsafe-return', 'src/domain/parsed.ts', "export const a = (): string => JSON.parse('1');\n"],
  ['no-console', 'src/server/prints.ts', PRINTS],
  ['no-console', 'worker/main.ts', PRINTS],
  ['no-console', 'workflows/prints.ts', PRINTS],
  ['no-default-export', 'src/domain/default.ts', 'export default 1;\n'],
  ['switch-exhaustiveness-check', 'src/domain/forgets.ts', FORGETS],
  ['max-lines', 'src/domain/long.ts', 'export {};\n'.repeat(301)],
  ['no-restricted-imports', 'src/domain/unscoped.ts', importing('temporalio')],
  ['no-restricted-globals', 'workflows/global.ts', 'export const home = process.env;\n'],
];

const REFUSED_IN_WORKFLOWS = [
  'node:crypto',
  'zod',
  'pino',
  '@aws-sdk/client-iam',
  '@temporalio/client',
  '@temporalio/activity',
  '../activities/index.ts',
  '../worker/dependencies.ts',
  '../src/store/port.ts',
  '../src/providers/port.ts',
  '../src/server/server.ts',
  '../src/config/schema.ts',
  '../src/contracts/ids.ts',
];

const ALLOWED_IN_WORKFLOWS = [
  '@temporalio/workflow',
  '@temporalio/common',
  './step.ts',
  '../src/contracts/messages.ts',
  '../src/domain/case.ts',
  '../src/assess/verdict.ts',
  '../src/policy/policy.ts',
];

function importing(from: string): string {
  return `import { thing } from '${from}';\nexport const it = thing;\n`;
}

function fileOf(from: string): string {
  return `workflows/imports-${from.replace(/[^a-z]+/g, '-')}.ts`;
}

/** File -> rules that fired in it. One run for all cases. */
const fired = new Map<string, string[]>();

beforeAll(async () => {
  const imports = [...REFUSED_IN_WORKFLOWS, ...ALLOWED_IN_WORKFLOWS].map((from) => [fileOf(from), importing(from)]);
  await using project = await sketch({
    ...Object.fromEntries(BAD.map(([, file, code]) => [file, code])),
    ...(Object.fromEntries(imports) as Record<string, string>),
    'src/cli/prints.ts': PRINTS,
  });
  const { output } = await runTool(project.root, 'oxlint', [
    '--type-aware',
    '--format=json',
    'src',
    'workflows',
    'worker',
  ]);
  const { diagnostics } = JSON.parse(output) as {
    readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
  };
  for (const { code, filename } of diagnostics) {
    fired.set(filename, [...(fired.get(filename) ?? []), code.replace(/^[^(]*\(|\)$/g, '')]);
  }
});

describe('oxlint', () => {
  it.each(BAD)('%s fires in %s', (rule, file) => {
    expect(fired.get(file)).toContain(rule);
  });

  it.each(REFUSED_IN_WORKFLOWS)('a workflow may not import %s', (from) => {
    expect(fired.get(fileOf(from))).toContain('no-restricted-imports');
  });

  it.each(ALLOWED_IN_WORKFLOWS)('a workflow may import %s', (from) => {
    expect(fired.get(fileOf(from)) ?? []).not.toContain('no-restricted-imports');
  });

  it('a command may print', () => {
    expect(fired.get('src/cli/prints.ts')).toBeUndefined();
  });
});

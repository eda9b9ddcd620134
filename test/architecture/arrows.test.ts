// Net 4: the dependency-cruiser rules fire, at any depth, and let the agreed arrows through.
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runNode } from '../../scripts/check/tool.ts';
import { ROOT, sketch } from './sketch.ts';

type Files = Readonly<Record<string, string>>;

const stub = (name: string): Files => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
  [`node_modules/${name}/index.js`]: 'exports.it = 1;\n',
});

const imports = (...paths: string[]) =>
  paths.map((path, n) => `import * as it${n} from '${path}';\nit${n};\n`).join('');
const typeOnly = (path: string) => `import type { That } from '${path}';\nexport type It = That;\n`;

/** All arrows as agreed. */
const AGREED: Files = {
  'src/domain/case.ts': "import canonicalize from 'canonicalize';\nexport const open = canonicalize;\n",
  'src/assess/verdict.ts': imports('../domain/case.ts', '../policy/policy.ts', 'ipaddr.js'),
  'src/policy/policy.ts': imports('../domain/case.ts'),
  'src/contracts/ids.ts': imports('node:crypto'),
  'src/contracts/messages.ts': imports('../domain/case.ts', '@temporalio/workflow'),
  'src/store/port.ts': typeOnly('../domain/case.ts'),
  'src/store/sql.ts': imports('./port.ts', 'zod'),
  'src/server/server.ts': imports('../store/port.ts', 'zod'),
  'src/cli/main.ts': imports('../store/sql.ts', '../server/server.ts', '../../worker/main.ts'),
  'workflows/index.ts': imports('../src/contracts/messages.ts', '../src/assess/verdict.ts', '@temporalio/workflow'),
  'activities/index.ts': imports('../src/store/port.ts', '../src/contracts/ids.ts'),
  'worker/main.ts': imports('../src/store/sql.ts', '../activities/index.ts'),
  'worker/using.ts': `${imports('./main.ts')}export const f = async (): Promise<void> => {\n  await using a = it0;\n};\n`,
};

/** Each stands for one case: the file that breaks the rule is the first. */
const BROKEN: readonly (readonly [rule: string, what: string, files: Files])[] = [
  [
    'workflows-never-reach',
    'zod, two steps away',
    {
      'workflows/deep.ts': imports('../src/domain/deep.ts'),
      'src/domain/deep.ts': imports('./deeper.ts'),
      'src/domain/deeper.ts': imports('zod'),
    },
  ],
  [
    'workflows-never-reach',
    'node:crypto, by way of the ids',
    { 'workflows/hash.ts': imports('../src/contracts/hash.ts'), 'src/contracts/hash.ts': imports('./ids.ts') },
  ],
  ['workflows-never-reach', 'an adapter', { 'workflows/sql.ts': imports('../src/store/sql.ts') }],
  ['workflows-see-contracts', 'a port, for its type only', { 'workflows/port.ts': typeOnly('../src/store/port.ts') }],
  ['workflows-see-contracts', 'the ids', { 'workflows/ids.ts': imports('../src/contracts/ids.ts') }],
  ['domain-is-alone', 'a contract', { 'src/domain/contract.ts': imports('../contracts/messages.ts') }],
  ['domain-is-alone', 'Node', { 'src/domain/node.ts': imports('node:os') }],
  ['policy-is-pure', 'assess', { 'src/policy/assess.ts': imports('../assess/verdict.ts') }],
  ['assess-is-pure', 'zod', { 'src/assess/zod.ts': imports('zod') }],
  ['contracts-see-the-pure-part', 'a port', { 'src/contracts/port.ts': typeOnly('../store/port.ts') }],
  ['activities-know-ports', 'an adapter', { 'activities/sql.ts': imports('../src/store/sql.ts') }],
  ['activities-know-ports', 'a command', { 'activities/command.ts': imports('../src/cli/main.ts') }],
  ['only-the-composition-root-knows-adapters', 'a store', { 'src/server/sql.ts': imports('../store/sql.ts') }],
  ['only-the-composition-root-knows-adapters', 'another one', { 'src/notify/sql.ts': imports('../store/sql.ts') }],
  ['src-is-below', 'the worker', { 'src/server/worker.ts': imports('../../worker/main.ts') }],
  ['product-without-tests', 'a test', { 'src/store/tested.ts': imports('./a.test.ts'), 'src/store/a.test.ts': '' }],
  ['no-dev-dependencies-in-the-product', 'vitest', { 'src/store/vitest.ts': imports('vitest') }],
  ['no-orphans', 'nothing', { 'src/store/forgotten.ts': 'export const a = 1;\n' }],
  ['resolvable', 'what is not there', { 'src/store/lost.ts': imports('./nowhere.ts') }],
  ['no-circular', 'each other', { 'src/store/egg.ts': imports('./hen.ts'), 'src/store/hen.ts': imports('./egg.ts') }],
];

/** `rule: file` for each violation. One run for all cases. */
let violations: readonly string[] = [];

beforeAll(async () => {
  const packages = ['zod', 'vitest', 'canonicalize', 'ipaddr.js', '@temporalio/workflow'].map(stub);
  const files = [...packages, AGREED, ...BROKEN.map(([, , added]) => added)];
  await using project = await sketch(Object.assign({}, ...files) as Files);
  const depcruise = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const folders = ['src', 'workflows', 'activities', 'worker'];
  const { output } = await runNode(project.root, [
    depcruise,
    '--config',
    join(ROOT, '.dependency-cruiser.mjs'),
    '--output-type',
    'json',
    ...folders,
  ]);
  const { summary } = JSON.parse(output) as {
    readonly summary: {
      readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
    };
  };
  violations = summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`);
});

describe('the arrows', () => {
  it.each(BROKEN)('%s: %s', (rule, _what, files) => {
    expect(violations).toContain(`${rule}: ${Object.keys(files)[0]}`);
  });

  it.each(Object.keys(AGREED))('let %s through', (file) => {
    expect(violations.filter((violation) => violation.endsWith(`: ${file}`))).toEqual([]);
  });
});

// Net 1: workflows know activities by the interfaces of src/contracts. `typeof activities` would pull the implementations,
// and what they import, towards the sandbox; verbatimModuleSyntax makes sure that a type import vanishes and no other does.
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runTool } from '../../scripts/check/tool.ts';
import { ROOT, sketch } from './sketch.ts';

const TYPEOF_ACTIVITIES = /\btypeof\s+(import\(['"][^'"]*)?activities\b|proxy(Local)?Activities<\s*typeof\b/i;

describe('activities are typed by contracts', () => {
  it.each(['tsconfig.json', 'workflows/tsconfig.json'])('%s compiles with verbatimModuleSyntax', async (config) => {
    const { output } = await runTool(ROOT, 'tsc', ['-p', config, '--showConfig']);
    expect(output).toContain('"verbatimModuleSyntax": true');
  });

  it('a type that is imported as a value does not compile', async () => {
    await using project = await sketch({
      'workflows/contract.ts': 'export interface Activities { act(): Promise<void> }\n',
      'workflows/index.ts': "import { Activities } from './contract.ts';\nexport type A = Activities;\n",
    });
    const { passed, output } = await runTool(project.root, 'tsc', ['-p', 'workflows']);
    expect(passed).toBe(false);
    expect(output).toContain('TS1484');
  });

  it.each([
    ['proxyActivities<typeof activities>({})', true],
    ["type A = typeof import('../activities/index.ts')", true],
    ['proxyActivities<DecideActivities>({})', false],
  ])('%s is seen: %s', (code, seen) => {
    expect(TYPEOF_ACTIVITIES.test(code)).toBe(seen);
  });

  it('no workflow, contract or pure module says typeof activities', async () => {
    const guilty: string[] = [];
    for await (const file of glob('{workflows,src}/**/*.ts', { cwd: ROOT })) {
      if (TYPEOF_ACTIVITIES.test(await readFile(join(ROOT, file), 'utf8'))) guilty.push(file);
    }
    expect(guilty).toEqual([]);
  });
});

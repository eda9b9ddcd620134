// Net 2: `tsc -p workflows` has no types of Node, so that code which would fail in the sandbox does not compile.
import { describe, expect, it } from 'vitest';
import { runTool } from '../../scripts/check/tool.ts';
import { sketch } from './sketch.ts';

const compile = async (code: string) => {
  await using project = await sketch({ 'workflows/index.ts': code });
  return await runTool(project.root, 'tsc', ['-p', 'workflows']);
};

describe('tsc -p workflows', () => {
  it.each([
    ['process', 'export const home = process.env;\n'],
    ['Buffer', "export const bytes = Buffer.from('x');\n"],
    ['node:fs', "import { readFileSync } from 'node:fs';\nexport const text = readFileSync('x', 'utf8');\n"],
    ['fetch', "export const answer = fetch('http://127.0.0.1');\n"],
    ['setTimeout', 'setTimeout(() => {}, 1);\nexport {};\n'],
  ])('refuses %s', async (name, code) => {
    const { passed, output } = await compile(code);
    expect(passed).toBe(false);
    expect(output).toMatch(
      new RegExp(`Cannot find (name|module or type declarations for side-effect|module) '${name}'`),
    );
  });

  it('lets deterministic code through', async () => {
    const code =
      "import { sleep } from '@temporalio/workflow';\nexport const wait = (): Promise<void> => sleep('1 s');\n";
    expect(await compile(code)).toEqual({ passed: true, output: '' });
  });
});

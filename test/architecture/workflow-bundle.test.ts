// Net 5: what is really in the bundle that runs in the sandbox. Zod there costs memory a cached workflow and has crashed
// workers; Node or a client there is non-determinism. The list is of what may be in it, so the next package is caught too.
import { bundleWorkflowCode } from '@temporalio/worker';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, sketch } from './sketch.ts';

/** The SDK's workflow side with its own dependencies, and the pure libraries that we chose. */
const PACKAGES = ['@temporalio/common', '@temporalio/workflow', 'canonicalize', 'ipaddr.js', 'long', 'ms', 'nexus-rpc'];
const OURS = /^(workflows|src\/(domain|assess|policy|contracts))\//;

const SOURCE_MAP = /sourceMappingURL=data:application\/json;charset=utf-8;base64,([A-Za-z0-9+/=]+)\s*$/;
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

/** The files that the bundle was made of, by its source map; the bundler's own are left out. */
async function filesInBundle(workflowsPath: string): Promise<readonly string[]> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: SILENT });
  const encoded = SOURCE_MAP.exec(code)?.[1];
  if (!encoded) throw new Error('The bundle has no source map to read its files from.');
  const { sources } = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as { readonly sources: string[] };
  return sources.filter((source) => source.startsWith('/'));
}

function strangers(files: readonly string[], root: string): readonly string[] {
  const packages = files.map((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
  const foreign = packages.filter((name) => name !== undefined && !PACKAGES.includes(name));
  const own = files.filter((_, index) => packages[index] === undefined).map((file) => relative(root, file));
  return [...new Set([...foreign, ...own.filter((file) => !OURS.test(file))])].filter((name) => name !== undefined);
}

describe('the workflow bundle', () => {
  it('holds the sandbox part of the SDK and our pure folders, nothing else', async () => {
    const files = await filesInBundle(join(ROOT, 'workflows/index.ts'));
    expect(strangers(files, ROOT)).toEqual([]);
    expect(files.map((file) => relative(ROOT, file))).toContain('workflows/index.ts');
  });

  it('would show zod and an adapter', async () => {
    await using project = await sketch({
      'src/store/sql.ts': "import { z } from 'zod';\nexport const sql = z.string();\n",
      'workflows/index.ts':
        "import { sql } from '../src/store/sql.ts';\nexport async function w(): Promise<string> { return sql.parse('x'); }\n",
    });
    const found = strangers(await filesInBundle(join(project.root, 'workflows/index.ts')), project.root);
    expect(found).toEqual(expect.arrayContaining(['zod', 'src/store/sql.ts']));
  });

  it('is not made at all with Node in it', async () => {
    await using project = await sketch({
      'workflows/index.ts':
        "import { createHash } from 'node:crypto';\nexport async function w(): Promise<string> { return createHash('sha256').digest('hex'); }\n",
    });
    await expect(filesInBundle(join(project.root, 'workflows/index.ts'))).rejects.toThrow(
      'Webpack finished with errors',
    );
  });
});

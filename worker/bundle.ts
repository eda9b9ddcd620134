import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode } from '@temporalio/worker';

import { failureConverterPath } from '../src/encryption/temporal-codec.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Everything that can end up in the bundle: a change in any of these makes another bundle. */
const SOURCES = ['workflows', 'src/domain', 'src/assess', 'src/policy', 'src/contracts', 'src/encryption'];

export interface WorkflowBundle {
  readonly codePath: string;
}

/** The workflows as one file, made when it is not there for exactly these sources. Bundling takes seconds, reading none. */
export async function workflowBundle(): Promise<WorkflowBundle> {
  const directory = join(ROOT, 'dist');
  const codePath = join(directory, `workflows-${await sourceHash()}.js`);
  if (await exists(codePath)) return { codePath };
  const code = await bundleOf(join(ROOT, 'workflows/index.ts'));
  await mkdir(directory, { recursive: true });
  // Two processes may start at once: each writes its own file and renames it whole.
  const draft = `${codePath}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, codePath);
  return { codePath };
}

/** The code of the bundle. */
export async function bundleOf(workflowsPath: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    failureConverterPath,
    logger: {
      log() {},
      trace() {},
      debug() {},
      info() {},
      warn() {},
      error: (message) => process.stderr.write(message),
    },
  });
  return code;
}

async function sourceHash(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(ROOT, 'package.json')));
  for (const source of SOURCES) {
    const names = await readdir(join(ROOT, source), { recursive: true });
    for (const name of names.filter((one) => one.endsWith('.ts') && !one.endsWith('.test.ts')).toSorted()) {
      hash.update(name).update(await readFile(join(ROOT, source, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) process.stdout.write(`${(await workflowBundle()).codePath}\n`);

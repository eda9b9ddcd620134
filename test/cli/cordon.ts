import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** What a person would type once `prompt` stands on standard output. */
  readonly reply?: { readonly prompt: string; readonly answer: string };
}

/** Runs the real binary in an environment of its own: nothing of this machine's Cordon, AWS or Temporal gets in. */
export async function cordon(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return run(process.execPath, [MAIN, ...args], options);
}

export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = spawn(command, args, {
    cwd: options.cwd ?? (await scratch()),
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], AWS_EC2_METADATA_DISABLED: 'true', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const chunks = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (chunks[name] += text));
  }
  child.stdin.on('error', () => {}); // it may end before it reads
  const { reply } = options;
  if (reply === undefined) child.stdin.end(options.stdin);
  else {
    child.stdout.on('data', function answer() {
      if (!chunks.stdout.includes(reply.prompt)) return;
      child.stdout.off('data', answer);
      child.stdin.write(reply.answer);
    });
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { status, ...chunks };
}

/** A new directory, with these files in it. */
export async function scratch(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-cli-'));
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text, { mode: 0o600 })),
  );
  return directory;
}

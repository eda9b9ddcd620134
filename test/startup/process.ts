import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';

import { MAIN, scratch } from '../cli/cordon.ts';

/** `cordon up …` as a person starts it, in a directory of its own. */
export interface UpProcess extends AsyncDisposable {
  readonly pid: number;
  readonly directory: string;
  /** Both streams, so far. */
  output(): string;
  /** The first match, once it was written; throws when the process ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export async function startUp(
  config: object,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<UpProcess> {
  // JSON is YAML.
  const directory = await scratch({ 'cordon.yaml': JSON.stringify({ server: { port: 0 }, ...config }) });
  const child = spawn(process.execPath, [MAIN, 'up', ...args], {
    cwd: directory,
    // Nothing of this machine's Cordon, AWS or Temporal gets in, but where the `temporal` command is.
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      AWS_EC2_METADATA_DISABLED: 'true',
      ...binary(),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('Node could not be started.');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  let gone = false;
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => {
      gone = true;
      resolve(code ?? signal ?? 'SIGKILL');
    });
  });
  const killNow = () => void child.kill('SIGKILL');
  process.once('exit', killNow);
  return {
    pid,
    directory,
    output: () => output,
    async said(pattern) {
      for (;;) {
        const found = pattern.exec(output);
        if (found) return found;
        if (gone) throw new Error(`It ended without saying ${String(pattern)}: ${output.slice(-2_000)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    kill: (signal) => void child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      killNow();
      await ended;
      process.removeListener('exit', killNow);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function binary(): Record<string, string> {
  const { CORDON_TEMPORAL_BINARY: named, XDG_CACHE_HOME: cache } = process.env;
  return { ...(named ? { CORDON_TEMPORAL_BINARY: named } : {}), ...(cache ? { XDG_CACHE_HOME: cache } : {}) };
}

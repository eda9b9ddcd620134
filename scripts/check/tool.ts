import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export interface Outcome {
  readonly passed: boolean;
  /** What the tool printed, standard output before standard error. */
  readonly output: string;
}

/** Runs a program of node_modules/.bin with this Node, whatever `node` is on PATH. Never rejects: what failed is in the output. */
export function runTool(root: string, name: string, args: readonly string[]): Promise<Outcome> {
  let script: string;
  try {
    script = realpathSync(join(root, 'node_modules', '.bin', name));
  } catch {
    return Promise.resolve({ passed: false, output: `${name} is not installed: npm run setup` });
  }
  return runNode(root, [script, ...args]);
}

/** Runs `node ARGS` in `root`. */
export function runNode(root: string, args: readonly string[]): Promise<Outcome> {
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, PATH: path, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const printed = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.err += text));
    child.once('error', (error) => resolve({ passed: false, output: error.message }));
    child.once('close', (code, signal) => {
      const ending = signal ? `\nended by ${signal}` : '';
      resolve({ passed: code === 0, output: `${printed.out}${printed.err}${ending}`.trim() });
    });
  });
}

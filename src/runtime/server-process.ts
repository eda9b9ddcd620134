import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';

/** A server that runs as our child. `stop` ends it by its own pid and resolves once it is gone; calling it again is harmless. */
export interface ServerProcess {
  readonly pid: number;
  /** How it ended, once it has: stopped by us or by itself. Never rejects. */
  readonly ended: Promise<string>;
  /** The last 8,000 characters it wrote. */
  output(): string;
  stop(): Promise<void>;
}

export interface ServerCommand {
  /** What people call it, for error messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Asked again and again until it answers true; a rejection counts as not yet. */
  readonly ready: () => Promise<boolean>;
  readonly readyWithinMs?: number;
  readonly stopSignal?: NodeJS.Signals;
  /** Once aborted, a start that is not done yet is given up. */
  readonly signal?: AbortSignal;
}

const POLL_MS = 50;
const ANSWER_WITHIN_MS = 3_000;
const STOP_WITHIN_MS = 10_000;

/** Starts a server and waits until it is ready. Rejects with its last output if it ends or is not ready in time. */
export async function startServerProcess(server: ServerCommand): Promise<ServerProcess> {
  const [command, ...args] = tiedToThisProcess(server.command, server.args);
  const child = spawn(command, args, {
    cwd: server.cwd,
    env: { ...process.env, ...server.env },
    // A pipe for stdin: a server that watches it ends with us even where the kernel can't tie it to us.
    stdio: ['pipe', 'pipe', 'pipe'],
    // Not in our terminal's group, so that Ctrl-C reaches us alone and we stop the server after what depends on it.
    detached: command !== server.command,
  });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-8_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.stdin.on('error', () => {}); // it may have ended before us; nothing is written to it anyway
  let ended: string | undefined;
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve((ended = error.message)));
    child.once('exit', (code, signal) => resolve((ended = `it ended with ${signal ?? `status ${code}`}`)));
  });
  const killNow = () => void child.kill('SIGKILL');
  process.once('exit', killNow);
  void exited.then(() => process.removeListener('exit', killNow));

  const stop = async () => {
    if (ended === undefined) child.kill(server.stopSignal ?? 'SIGTERM');
    const force = setTimeout(killNow, STOP_WITHIN_MS);
    await exited;
    clearTimeout(force);
  };

  const readyWithinMs = server.readyWithinMs ?? 30_000;
  const deadline = Date.now() + readyWithinMs;
  while (!(await isReady(server.ready))) {
    const late = Date.now() > deadline;
    const unwanted = server.signal?.aborted === true;
    if (ended === undefined && !late && !unwanted) {
      await Promise.race([exited, sleep(POLL_MS)]);
      continue;
    }
    const why = ended ?? `it was not ready within ${readyWithinMs / 1000} s`;
    await stop();
    server.signal?.throwIfAborted();
    throw new Error(`${server.name} did not start: ${why}. ${lastWords(output)}`);
  }
  if (ended !== undefined || child.pid === undefined) {
    throw new Error(`${server.name} did not start: ${ended}, and something else answers at its address.`);
  }
  return { pid: child.pid, ended: exited, output: () => output, stop };
}

/** A port that was free on 127.0.0.1 a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The path of an executable on PATH. */
export function onPath(name: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** On Linux the kernel ends the child when we die, however we die; elsewhere our exit handler has to do. */
function tiedToThisProcess(command: string, args: readonly string[]): [string, ...string[]] {
  const setpriv = process.platform === 'linux' ? onPath('setpriv') : undefined;
  return setpriv ? [setpriv, '--pdeathsig', 'KILL', '--', command, ...args] : [command, ...args];
}

async function isReady(ready: () => Promise<boolean>): Promise<boolean> {
  try {
    // Something that accepts a connection and never answers must not hold up the deadline.
    return await Promise.race([ready(), sleep(ANSWER_WITHIN_MS).then(() => false)]);
  } catch {
    return false;
  }
}

function lastWords(output: string): string {
  const lines = output.trim().split('\n').slice(-15).join('\n');
  return lines ? `It said last:\n${lines}` : 'It said nothing.';
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { freePort, startServerProcess } from './server-process.ts';

const node = (script: string) => ({ name: 'The server', command: process.execPath, args: ['-e', script] });
const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a server process', () => {
  it('is ready only when it answers, and gone when stopped, also if it ignores the signal once', async () => {
    const port = await freePort();
    const script = `require('http').createServer((q, r) => r.end('ok')).listen(${port}, '127.0.0.1')`;
    const server = await startServerProcess({
      ...node(script),
      ready: async () => (await fetch(`http://127.0.0.1:${port}`)).ok,
    });
    expect(alive(server.pid)).toBe(true);
    await Promise.all([server.stop(), server.stop()]);
    expect(alive(server.pid)).toBe(false);
  });

  it('that ends at once is an error with what it said, not a wait', async () => {
    const start = startServerProcess({
      ...node('console.error("port taken"); process.exit(3)'),
      ready: async () => false,
    });
    await expect(start).rejects.toThrow(/ended with status 3[^]*port taken/);
  });

  it('that is never ready is stopped and reported', async () => {
    const hanging = node('console.log("starting", process.pid); setInterval(() => {}, 1000)');
    const failure = await startServerProcess({ ...hanging, ready: async () => false, readyWithinMs: 1_500 }).catch(
      String,
    );
    expect(failure).toMatch(/not ready within 1.5 s/);
    expect(alive(Number(/starting (\d+)/.exec(failure as string)?.[1]))).toBe(false);
  });

  it('that does not exist is an error', async () => {
    const start = startServerProcess({
      name: 'Nothing',
      command: '/nowhere/nothing',
      args: [],
      ready: async () => false,
    });
    await expect(start).rejects.toThrow('Nothing did not start');
  });

  it.runIf(process.platform === 'linux')('dies with its parent, even if that is killed', async () => {
    const module = new URL('./server-process.ts', import.meta.url);
    const parent = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { startServerProcess } from ${JSON.stringify(module.href)};
       const server = await startServerProcess({ name: 's', command: process.execPath,
         args: ['-e', 'setInterval(() => {}, 1000)'], ready: async () => true });
       console.log(server.pid); setInterval(() => {}, 1000);`,
    ]);
    const pid = Number(
      await new Promise<string>((resolve) => parent.stdout.once('data', (chunk) => resolve(String(chunk)))),
    );
    expect(alive(pid)).toBe(true);
    parent.kill('SIGKILL');
    // The test's own time limit ends a wait in vain.
    while (alive(pid)) await sleep(50);
    expect(alive(pid)).toBe(false);
  });
});

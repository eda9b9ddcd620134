import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { keysFromFile, keysFromText } from './key-file.ts';

describe('the key file', () => {
  let directory: string;
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'cordon-key-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is made once, for its owner alone, also by processes that start at once', async () => {
    const path = join(directory, 'cordon', 'payload.key');
    const module = new URL('./key-file.ts', import.meta.url).href;
    const script = `import { keysFromFile } from ${JSON.stringify(module)};
      console.log(Buffer.from((await keysFromFile(${JSON.stringify(path)}))[0]).toString('hex'));`;
    const start = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const started = await Promise.all([start(), start(), start()]);
    const [key] = await keysFromFile(path);
    expect(started.map(({ stdout }) => stdout.trim())).toEqual(Array(3).fill(Buffer.from(key!).toString('hex')));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'cordon')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(directory, 'cordon'))).toEqual(['payload.key']);
  });

  it.each([0o640, 0o604, 0o660])('is refused with mode %o, with the remedy', async (mode) => {
    const path = join(directory, 'payload.key');
    await keysFromFile(path);
    chmodSync(path, mode);
    await expect(keysFromFile(path)).rejects.toThrow('chmod 600');
  });

  it.each(['', 'short', randomBytes(31).toString('base64'), `${randomBytes(32).toString('base64')}\nrubbish`])(
    'is refused when it holds no keys, and is left as it is (%#)',
    async (text) => {
      const path = join(directory, 'payload.key');
      writeFileSync(path, text, { mode: 0o600 });
      const error = await keysFromFile(path).catch(String);
      expect(error).toContain('does not hold encryption keys');
      if (text) expect(error).not.toContain(text);
    },
  );

  it('holds several keys for rotation, the sealing one first', () => {
    const [one, two] = [randomBytes(32), randomBytes(32)];
    const text = `${one.toString('base64')}\n${two.toString('base64')}\n`;
    expect(keysFromText(text, 'CORDON_KEY').map((key) => Buffer.from(key))).toEqual([one, two]);
  });
});

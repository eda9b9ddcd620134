import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';

import { resolveSecret, Secret } from './secrets.ts';

const CANARY = 'canary-5f0e';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('a secret comes from the environment or a file, trimmed', async () => {
  vi.stubEnv('CORDON_TEST_SECRET', ` ${CANARY}\n`);
  expect(await resolveSecret({ env: 'CORDON_TEST_SECRET' })).toBe(CANARY);
  const file = join(await mkdtemp(join(tmpdir(), 'cordon-secret-')), 'token');
  await writeFile(file, `${CANARY}\n`, { mode: 0o600 });
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
  expect(await resolveSecret({ file })).toBe(CANARY);
  expect(warned).not.toHaveBeenCalled();
});

test('what is not there is named', async () => {
  await expect(resolveSecret({ env: 'CORDON_TEST_ABSENT' })).rejects.toThrow('CORDON_TEST_ABSENT is not set');
  vi.stubEnv('CORDON_TEST_SECRET', ' ');
  await expect(resolveSecret({ env: 'CORDON_TEST_SECRET' })).rejects.toThrow('CORDON_TEST_SECRET is empty');
  await expect(resolveSecret({ file: '/nowhere/token' })).rejects.toThrow("/nowhere/token can't be read (ENOENT)");
});

test('a file that others can read is warned of, without what is in it', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'cordon-secret-')), 'token');
  await writeFile(file, CANARY);
  await chmod(file, 0o644);
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
  await resolveSecret({ file });
  expect(warned).toHaveBeenCalledOnce();
  expect(JSON.stringify(warned.mock.calls)).toContain(file);
  expect(JSON.stringify(warned.mock.calls)).not.toContain(CANARY);
});

test('a wrapped secret does not print', () => {
  const secret = new Secret(CANARY);
  const printed = [String(secret), JSON.stringify({ secret }), inspect({ secret }, { showHidden: true, depth: 9 })];
  printed.push(JSON.stringify(Object.entries(secret)), inspect(Object.assign(new Error('x'), { secret })));
  expect(printed.join('\n')).not.toContain(CANARY);
  expect(printed[0]).toBe('[secret]');
  expect(secret.reveal()).toBe(CANARY);
});

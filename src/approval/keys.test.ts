import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadSigningKey, loadVerifyingKey } from './keys.ts';

describe('approval keys', () => {
  let directory: string;
  const files = () => ({
    signingKeyFile: join(directory, 'keys', 'approval.key'),
    publicKeyFile: join(directory, 'keys', 'approval.pub'),
  });
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'cordon-keys-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('are made once, also by servers that start at once, and the private one is for its owner alone', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => loadSigningKey(files())));
    const again = await loadSigningKey(files());
    const verifying = await loadVerifyingKey(files().publicKeyFile);
    expect(new Set([...made, again, verifying].map(({ keyId }) => keyId)).size).toBe(1);
    expect(statSync(files().signingKeyFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(files().publicKeyFile, 'utf8')).toContain('BEGIN PUBLIC KEY');
  });

  it('are refused when others may read the private, or write the public one', async () => {
    await loadSigningKey(files());
    chmodSync(files().publicKeyFile, 0o666);
    await expect(loadVerifyingKey(files().publicKeyFile)).rejects.toThrow('chmod 644');
    chmodSync(files().signingKeyFile, 0o640);
    await expect(loadSigningKey(files())).rejects.toThrow('chmod 600');
  });

  it('are refused when they are not a pair, no keys, or the private one in the place of the public', async () => {
    await loadSigningKey(files());
    const other = { ...files(), signingKeyFile: join(directory, 'other.key') };
    await expect(loadSigningKey(other)).rejects.toThrow('is not the public key of');
    const signing = readFileSync(files().signingKeyFile);
    writeFileSync(files().publicKeyFile, signing);
    await expect(loadVerifyingKey(files().publicKeyFile)).rejects.toThrow('holds a private key');
    writeFileSync(files().publicKeyFile, 'nonsense');
    await expect(loadVerifyingKey(files().publicKeyFile)).rejects.toThrow('no Ed25519 key');
    await expect(loadVerifyingKey(join(directory, 'none'))).rejects.toThrow('copy it to the worker');
  });
});

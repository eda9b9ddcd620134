import { randomBytes } from 'node:crypto';

import { KEY_BYTES } from './cipher.ts';
import { readOrMakeSecretFile } from './secret-file.ts';

/** Reads the keys of a file for `createCipher`; makes the file with one new key, mode 0600, when there is none. */
export async function keysFromFile(path: string): Promise<readonly Uint8Array[]> {
  const text = await readOrMakeSecretFile(path, () => `${randomBytes(KEY_BYTES).toString('base64')}\n`);
  return keysFromText(text, path);
}

/**
 * One key a line, 32 bytes in base64; the first seals, all open. `from` says in errors where the text came from; the text
 * itself never stands in an error.
 */
export function keysFromText(text: string, from: string): readonly Uint8Array[] {
  const keys = text.split(/\s+/u).filter(Boolean).map(keyFromBase64);
  if (keys.length > 0 && keys.every((key) => key !== null)) return keys;
  throw new Error(
    `${from} does not hold encryption keys: one a line, each ${KEY_BYTES} bytes in base64. ` +
      'Put back the key that was in use (what it sealed can be read by no other); ' +
      `for a new installation "openssl rand -base64 ${KEY_BYTES}" makes one.`,
  );
}

function keyFromBase64(text: string): Uint8Array | null {
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES && key.toString('base64') === text ? key : null;
}

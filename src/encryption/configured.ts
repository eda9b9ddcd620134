import type { Config } from '../config/schema.ts';
import { describeSecret, resolveSecret } from '../config/secrets.ts';
import { createCipher } from './cipher.ts';
import { keysFromFile, keysFromText } from './key-file.ts';
import type { Cipher } from './port.ts';

/** The cipher of the configuration; without a configured key, a key file is made on first use. */
export async function configuredCipher({ key, keyFile }: Config['encryption']): Promise<Cipher> {
  if (key === undefined) return createCipher(await keysFromFile(keyFile));
  return createCipher(keysFromText(await resolveSecret(key), describeSecret(key)));
}

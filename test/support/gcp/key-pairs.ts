import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

export interface KeyPair {
  readonly publicKey: KeyObject;
  /** PKCS #8, PEM, as key files hold it. */
  readonly privateKey: string;
}

const pairs: Promise<KeyPair>[] = [];

/**
 * The process's nth pair: 2048 bits take a tenth of a second, so doubles of one process share them. Within one double no two
 * keys share a pair, or a disabled key could pass for its neighbour.
 */
export function keyPair(index: number): Promise<KeyPair> {
  return (pairs[index] ??= promisify(generateKeyPair)('rsa', { modulusLength: 2048 }).then(
    ({ publicKey, privateKey }) => ({
      publicKey,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }),
  ));
}

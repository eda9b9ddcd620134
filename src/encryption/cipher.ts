import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

import type { Cipher } from './port.ts';

export const KEY_BYTES = 32;

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const KEY_ID_BYTES = 8;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;
const OVERHEAD_BYTES = HEADER_BYTES + IV_BYTES + TAG_BYTES;

/**
 * The first key seals, all of them open: to rotate, put a new key in front and drop the old one when nothing is sealed with it.
 * Envelope: version (1 byte), key id (8), IV (12, random), tag (16), ciphertext. Authenticated beside the text: version, key id
 * and context. Random IVs are safe for 2^32 texts a key.
 */
export function createCipher(keys: readonly Uint8Array[]): Cipher {
  const ring = new Map(keys.map((key) => [keyIdOf(key), Uint8Array.from(key)]));
  const [first] = ring;
  if (!first) throw new Error('No encryption key is given.');
  const [keyId, sealingKey] = first;
  const header = Buffer.concat([Uint8Array.of(VERSION), Buffer.from(keyId, 'hex')]);

  return {
    keyId,
    seal(plain, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, sealingKey, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(authenticated(header, context));
      const text = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([header, iv, cipher.getAuthTag(), text]);
    },
    open(sealed, context) {
      const envelope = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (envelope.length < OVERHEAD_BYTES || envelope[0] !== VERSION)
        throw new Error('The text is not sealed by Cordon.');
      const sealedHeader = envelope.subarray(0, HEADER_BYTES);
      const sealedWith = sealedHeader.toString('hex', 1);
      const key = ring.get(sealedWith);
      if (!key) throw new Error(`The text is sealed with the key ${sealedWith}, which is not among the keys given.`);
      const iv = envelope.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES);
      const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(authenticated(sealedHeader, context));
      decipher.setAuthTag(envelope.subarray(HEADER_BYTES + IV_BYTES, OVERHEAD_BYTES));
      try {
        return Buffer.concat([decipher.update(envelope.subarray(OVERHEAD_BYTES)), decipher.final()]);
      } catch {
        throw new Error('The sealed text was changed, or it belongs elsewhere.');
      }
    },
  };
}

/** 16 hex digits that name a key and tell nothing of it. */
function keyIdOf(key: Uint8Array): string {
  if (key.length !== KEY_BYTES)
    throw new Error(`An encryption key has ${KEY_BYTES} bytes, this one has ${key.length}.`);
  return createHash('sha256')
    .update('cordon key id')
    .update(key)
    .digest('hex')
    .slice(0, KEY_ID_BYTES * 2);
}

function authenticated(header: Uint8Array, context: string): Uint8Array {
  return Buffer.concat([header, Buffer.from(context)]);
}

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

import { createExclusively, readOrMakeSecretFile } from '../encryption/secret-file.ts';
import type { SigningKey } from './port.ts';

export interface VerifyingKey {
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

export interface ApprovalKeyFiles {
  /** PEM, mode 0600; only the server needs it. */
  readonly signingKeyFile: string;
  /** PEM; what a worker verifies with. Whoever can write it can approve. */
  readonly publicKeyFile: string;
  /** PEM; of keys that signed before. Decisions that they signed still count, as long as they are listed. */
  readonly olderPublicKeyFiles?: readonly string[];
}

/** For the server: makes both files on first start. Refuses a private key that others can read, or that isn't the public one's. */
export async function loadSigningKey({
  signingKeyFile,
  publicKeyFile,
}: Omit<ApprovalKeyFiles, 'olderPublicKeyFiles'>): Promise<SigningKey> {
  const pem = await readOrMakeSecretFile(signingKeyFile, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  const privateKey = ed25519(() => createPrivateKey(pem), signingKeyFile);
  const publicKey = createPublicKey(privateKey);
  await createExclusively(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }).toString(), 0o644);
  const keyId = keyIdOf(publicKey);
  if ((await loadVerifyingKey(publicKeyFile)).keyId !== keyId) {
    throw new Error(
      `${publicKeyFile} is not the public key of ${signingKeyFile}: no worker would accept what the server signs. ` +
        'Remove the public key file to have it made again, and give it to the workers.',
    );
  }
  return signingKeyOf(privateKey, keyId);
}

/** A private key in this process as the port wants it. */
export function signingKeyOf(privateKey: KeyObject, keyId = keyIdOf(createPublicKey(privateKey))): SigningKey {
  return {
    keyId,
    publicKey: createPublicKey(privateKey),
    sign: async (message) => sign(null, message, privateKey),
  };
}

/** Every key whose decisions count now, the present one first: while keys are changed, both are known. */
export function loadVerifyingKeys({
  publicKeyFile,
  olderPublicKeyFiles = [],
}: Omit<ApprovalKeyFiles, 'signingKeyFile'>): Promise<readonly VerifyingKey[]> {
  return Promise.all([publicKeyFile, ...olderPublicKeyFiles].map(loadVerifyingKey));
}

/** For the worker. */
export async function loadVerifyingKey(publicKeyFile: string): Promise<VerifyingKey> {
  const pem = await readFile(publicKeyFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`There is no ${publicKeyFile}. The server makes it on its first start; copy it to the worker.`);
  });
  if (process.platform !== 'win32' && ((await stat(publicKeyFile)).mode & 0o022) !== 0) {
    throw new Error(`Other users may write ${publicKeyFile}, and so approve. Run "chmod 644 ${publicKeyFile}".`);
  }
  // A private key would be accepted as well: its public half is in it. A worker must not hold one.
  if (pem.includes('PRIVATE KEY')) throw new Error(`${publicKeyFile} holds a private key. Put the public one there.`);
  const publicKey = ed25519(() => createPublicKey(pem), publicKeyFile);
  return { keyId: keyIdOf(publicKey), publicKey };
}

/** 16 hex digits of the SHA-256 of the public key (DER, SubjectPublicKeyInfo: what a key management service gives out). */
export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

function ed25519(read: () => KeyObject, path: string): KeyObject {
  const key = orNull(read);
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new Error(`${path} holds no Ed25519 key in PEM form. Restore it, or remove it to have a new one made.`);
}

/** The parser's own error is dropped: it could quote the file. */
function orNull(read: () => KeyObject): KeyObject | null {
  try {
    return read();
  } catch {
    return null;
  }
}

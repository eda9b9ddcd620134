import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the secret file on first start; processes that start at once all end with the same one. */
export async function readOrMakeSecretFile(path: string, make: () => string): Promise<string> {
  const existing = await readSecretFile(path);
  if (existing !== null) return existing;
  await createExclusively(path, make(), 0o600);
  const made = await readSecretFile(path);
  if (made === null) throw new Error(`${path} was made and is gone again. Start Cordon again.`);
  return made;
}

/** Null when there is none. Refuses one that others can read: a secret that leaked unnoticed protects nothing. */
export async function readSecretFile(path: string): Promise<string | null> {
  const file = await open(path, constants.O_RDONLY).catch(nullIfMissing);
  if (!file) return null;
  try {
    const { mode } = await file.stat();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new Error(
        `${path} holds a secret, and other users may read it (mode ${(mode & 0o777).toString(8)}). ` +
          `Run "chmod 600 ${path}" if nobody else has seen it; otherwise replace the key.`,
      );
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Whole or not at all, also after a crash; does nothing when the file is there. Its directory is made for the owner alone. */
export async function createExclusively(path: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await file.close();
    await unlink(draft);
  }
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

import { readFile, stat } from 'node:fs/promises';
import { inspect } from 'node:util';

import type { SecretReference } from './schema.ts';

const HIDDEN = '[secret]';

/** A value that does not print: not in a template, not in JSON, not in a log or an error that carries it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself, only where it is sent or computed with. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/** A reference that leads to no secret. The message names the variable or file, never what is in it. */
export class SecretError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SecretError';
  }
}

/** The secret itself, trimmed. Throws `SecretError`; warns (`process.emitWarning`) of a file that others can read. */
export async function resolveSecret(reference: SecretReference): Promise<string> {
  const where = describeSecret(reference);
  const value = ('env' in reference ? (process.env[reference.env] ?? '') : await readSecretFile(reference.file)).trim();
  if (value !== '') return value;
  if ('env' in reference && process.env[reference.env] === undefined) {
    throw new SecretError(`${where} is not set. Set it, or name another in the configuration.`);
  }
  throw new SecretError(`${where} is empty. A secret is expected in it.`);
}

export function describeSecret(reference: SecretReference): string {
  return 'env' in reference ? `The environment variable ${reference.env}` : `The secret file ${reference.file}`;
}

async function readSecretFile(file: string): Promise<string> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o007) !== 0) {
      process.emitWarning(`The secret file ${file} can be read or changed by others on this machine: chmod o-rwx it.`, {
        code: 'CORDON_SECRET_MODE',
      });
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new SecretError(`The secret file ${file} can't be read (${code}). Create it, or correct the configuration.`);
  }
}

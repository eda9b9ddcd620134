import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { History } from '@temporalio/common/lib/proto-utils.js';
import proto from '@temporalio/proto';

import { createCipher } from '../../src/encryption/cipher.ts';
import { keysFromText } from '../../src/encryption/key-file.ts';
import { dataConverter } from '../../src/encryption/temporal-codec.ts';

export const FOLDER = fileURLToPath(new URL('.', import.meta.url));
/** Of no installation: it protects nothing but these recordings, which hold nothing but a test's account. */
export const TEST_ONLY_KEY_FILE = `${FOLDER}test-only-payload.key`;

/** One finished workflow as Temporal kept it; payloads stay sealed, bound to namespace and workflow id. */
export interface Recorded {
  readonly namespace: string;
  readonly workflowId: string;
  readonly history: { readonly events: readonly Record<string, unknown>[] };
}

export async function recordedNames(): Promise<readonly string[]> {
  return (await readdir(FOLDER)).filter((name) => name.endsWith('.json')).toSorted();
}

export async function readRecorded(name: string): Promise<Recorded> {
  return JSON.parse(await readFile(FOLDER + name, 'utf8')) as Recorded;
}

const Message = proto.temporal.api.history.v1.History;

export function writeHistory(history: History): Recorded['history'] {
  return Message.toObject(Message.fromObject(history), { longs: String, enums: String, bytes: String }) as Recorded['history'];
}

export function readHistory({ history }: Recorded): History {
  return Message.fromObject(history);
}

export async function converterOfRecordings() {
  return dataConverter(createCipher(keysFromText(await readFile(TEST_ONLY_KEY_FILE, 'utf8'), TEST_ONLY_KEY_FILE)));
}

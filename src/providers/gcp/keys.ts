import type { iam_v1 } from '@googleapis/iam';

import type { GcpClients } from './clients.ts';
import { accountPath } from './names.ts';

export interface Key {
  /** 40 hex digits. */
  readonly keyId: string;
  readonly enabled: boolean;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Google found its private half in public, or in a thief's hands. That stays with the key for life. */
  readonly exposed: boolean;
}

/** Keys that people made. Google's own, which it rotates, can't be taken out of its hands. */
export async function listKeys(clients: GcpClients, projectId: string, email: string): Promise<readonly Key[]> {
  const name = accountPath(projectId, email);
  const { data } = await clients.iam.projects.serviceAccounts.keys.list({ name, keyTypes: ['USER_MANAGED'] });
  const keys = (data.keys ?? []).filter(({ keyType }) => keyType !== 'SYSTEM_MANAGED').map(readKey);
  return keys.toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1));
}

/** Only what Google calls disabled is disabled: an unknown state must not pass for harmless. */
function readKey(key: iam_v1.Schema$ServiceAccountKey): Key {
  const marks = [key.disableReason, ...(key.extendedStatus ?? []).map((status) => status.key)];
  return {
    keyId: (key.name ?? '').split('/').at(-1) ?? '',
    enabled: key.disabled !== true,
    createdAt: new Date(key.validAfterTime ?? 0).toISOString(),
    exposed: marks.some((mark) => /EXPOSED|COMPROMISE/u.test(mark ?? '')),
  };
}

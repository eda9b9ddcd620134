import type { iam_v1 } from '@googleapis/iam';

import { CordonFailure } from '../../contracts/failures.ts';
import type { PlannedCall } from '../../domain/plan.ts';
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

/**
 * Those of `ours` that are disabled. What Google found in public since is the thief's too: it is left, and said. `account`:
 * `projects/p/serviceAccounts/e`.
 */
export async function enableKeys(clients: GcpClients, account: string, ours: ReadonlySet<string>): Promise<void> {
  const [, projectId = '', , email = ''] = account.split('/');
  const keys = (await listKeys(clients, projectId, email)).filter((key) => ours.has(key.keyId) && !key.enabled);
  for (const key of keys.filter(({ exposed }) => !exposed)) {
    await clients.iam.projects.serviceAccounts.keys.enable({ name: `${account}/keys/${key.keyId}` });
  }
  const exposed = keys.filter((key) => key.exposed).map((key) => key.keyId);
  if (exposed.length > 0)
    throw new CordonFailure(
      'Conflict',
      `Google has found ${exposed.join(', ')} in public: left disabled. Delete it, make a new key.`,
    );
}

export function keyCall(account: string, keyId: string, operation: 'disable' | 'enable'): PlannedCall {
  const name = `${account}/keys/${keyId}`;
  return { service: 'iam', operation: `projects.serviceAccounts.keys.${operation}`, parameters: { name } };
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

import type { RoleAssignment } from '@azure/arm-authorization';

import { CordonFailure } from '../../contracts/failures.ts';
import type { Mark } from '../../domain/orphan.ts';
import type { Provider } from '../port.ts';
import type { AzureClients } from './clients.ts';
import type { AzureSettings } from './settings.ts';

type Marks = Awaited<ReturnType<Provider['marked']>>;

/** As replace-assignments.ts writes it. The rest of a description is free text of whoever may assign roles, and goes nowhere. */
const MARK = /^Cordon (?:(ca_[A-Za-z0-9_-]{1,60})|[^:]{1,100}): in place of /u;
const PLAIN_ID = /^[\w/.()-]+$/u;
/** More than a subscription may hold by Azure's own limit. */
const MOST_ASSIGNMENTS = 10_000;

/**
 * Role assignments are all that Cordon makes in Azure: what it disables, removes and resets leaves nothing of its own. One list a
 * subscription, without a filter, since Azure filters by no description.
 */
export async function findMarks(
  clients: AzureClients,
  { tenantId, subscriptions }: Pick<AzureSettings, 'tenantId' | 'subscriptions'>,
): Promise<Marks> {
  const unread: string[] = [];
  const marks = new Map<string, Mark>();
  for (const subscription of subscriptions) {
    try {
      for (const mark of await marksIn(clients, tenantId, subscription, unread))
        marks.set(mark.trace.toLowerCase(), mark);
    } catch (error) {
      if (!(error instanceof CordonFailure)) throw error;
      unread.push(`Role assignments of subscription ${subscription}: ${error.message}`);
    }
  }
  return { marks: [...marks.values()], credentials: [], unread };
}

async function marksIn(
  { authorization }: AzureClients,
  tenantId: string,
  subscription: string,
  unread: string[],
): Promise<readonly Mark[]> {
  const marks: Mark[] = [];
  let read = 0;
  for await (const one of authorization.roleAssignments.listForScope(`subscriptions/${subscription}`)) {
    const mark = markOf(one, tenantId);
    if (mark) marks.push(mark);
    read += 1;
    if (read < MOST_ASSIGNMENTS) continue;
    unread.push(`Role assignments of subscription ${subscription}: more than ${MOST_ASSIGNMENTS}.`);
    break;
  }
  return marks;
}

function markOf({ id, description, principalId, principalType }: RoleAssignment, tenantId: string): Mark | null {
  const [found, caseId = null] = MARK.exec(description ?? '') ?? [];
  if (found === undefined || !id || !principalId) return null;
  const objects = principalType === 'User' ? 'users' : 'servicePrincipals';
  const target = `/tenants/${tenantId}/${objects}/${principalId}`;
  return {
    kind: 'role assignment',
    name: `${id} of ${target}`,
    targets: [target],
    leftBy: ['tighten-role-assignments'],
    caseId,
    trace: id,
    removal: PLAIN_ID.test(id)
      ? `az role assignment delete --ids '${id}'`
      : 'delete the role assignment in the portal.',
  };
}

import type { iam_v1 } from '@googleapis/iam';

import { CordonFailure } from '../../contracts/failures.ts';
import type { ActionRequest } from '../../domain/plan.ts';
import type { Preflight } from '../port.ts';
import type { GcpClients } from './clients.ts';
import { accountPath, targetAccount } from './names.ts';

export interface Account {
  readonly email: string;
  readonly projectId: string;
  readonly uniqueId: string;
  readonly disabled: boolean;
  readonly displayName: string;
}

/** What a read of something that may not exist found: null stands for Google's own "not found", nothing else. */
export async function orNull<Found>(read: Promise<Found>): Promise<Found | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof CordonFailure && error.type === 'NotFound') return null;
    throw error;
  }
}

/** By address or number, in one project: with a wildcard for the project Google says "denied" of accounts that don't exist. */
export async function findAccount(clients: GcpClients, projectId: string, emailOrId: string): Promise<Account | null> {
  const name = accountPath(projectId, emailOrId);
  const found = await orNull(clients.iam.projects.serviceAccounts.get({ name }));
  const account = found && readAccount(found.data);
  return account && account.projectId === projectId ? account : null;
}

export async function listAccounts(clients: GcpClients, projectId: string): Promise<readonly Account[]> {
  const accounts: Account[] = [];
  let pageToken: string | undefined;
  do {
    const { data } = await clients.iam.projects.serviceAccounts.list({
      name: `projects/${projectId}`,
      pageSize: 100,
      ...(pageToken ? { pageToken } : {}),
    });
    accounts.push(...(data.accounts ?? []).map(readAccount));
    pageToken = data.nextPageToken ?? undefined;
  } while (pageToken);
  return accounts;
}

/** The account of a request, if it is still the very one that the plan named and not a namesake made since; null: it is gone. */
export async function findTarget(
  clients: GcpClients,
  request: ActionRequest,
  projects: readonly string[],
): Promise<Account | null> {
  const { accountId, name, uniqueId } = targetAccount(request, projects);
  const account = await findAccount(clients, accountId, name);
  if (account && uniqueId !== undefined && account.uniqueId !== uniqueId)
    throw new CordonFailure(
      'TargetRefused',
      `Account ${name} is not the one the plan was made for: it was created anew.`,
    );
  return account;
}

/** The same for a change, which needs the account to be there. */
export async function confirmAccount(
  clients: GcpClients,
  request: ActionRequest,
  projects: readonly string[],
): Promise<Account> {
  const account = await findTarget(clients, request, projects);
  if (account) return account;
  const { accountId, name } = request.principal;
  throw new CordonFailure(
    'NotFound',
    `Project ${accountId} has no service account ${name} (any more). Check who deleted it.`,
  );
}

/** Nothing of a deleted account can be used; while it may be undeleted, a check reads again. */
export const GONE: Preflight = { prior: { gone: true }, alreadySo: true, calls: [], mayBreak: [], obstacles: [] };

/** An answer without these fields is a defect of the far side; guessing who is meant would be worse. */
function readAccount({ email, projectId, uniqueId, ...rest }: iam_v1.Schema$ServiceAccount): Account {
  if (!email || !projectId || !uniqueId)
    throw new CordonFailure(
      'Unavailable',
      'Google described a service account without its address, project or number.',
    );
  return {
    email: email.toLowerCase(),
    projectId,
    uniqueId,
    disabled: rest.disabled === true,
    // Whoever may edit the account chooses it, the suspect too.
    displayName: (rest.displayName ?? '').replace(/[^\p{L}\p{N} ._-]/gu, '').slice(0, 100),
  };
}

import { CordonFailure } from '../../contracts/failures.ts';
import { parseArn } from '../../domain/arn.ts';
import type { PrincipalClue } from '../../domain/alert.ts';
import type { ActionRequest } from '../../domain/plan.ts';
import type { Principal, Resolution } from '../../domain/principal.ts';
import type { Action, Permission, Provider } from '../port.ts';
import type { Account } from './account.ts';
import { openAccount } from './account.ts';
import type { AwsActionDefinition } from './actions/definition.ts';
import { AWS_ACTIONS } from './actions/index.ts';
import type { AwsAccount, AwsClients, AwsSettings } from './clients.ts';
import { readClue, unusableBecause } from './clues.ts';
import { isOfIdentityCenter } from './identity-center/permissions.ts';
import { EVIDENCE_PERMISSIONS } from './permissions.ts';
import { accountOf, roleSession, self } from './principals.ts';
import { memberClients } from './session.ts';

/** What differs between one account and several; all else is the same provider. */
export type Served = Pick<
  Provider,
  | 'resolve'
  | 'selves'
  | 'accounts'
  | 'activity'
  | 'credentials'
  | 'successfulCallsSince'
  | 'marked'
  | 'missingPermissions'
  | 'actions'
>;

/** The account of the credentials alone. */
export function serveHome(settings: AwsSettings, clients: AwsClients): Served {
  const home = openAccount(settings, clients, () => clients);
  const { action: _, ...reads } = home;
  return {
    ...reads,
    selves: async () => [await self(clients), ...centerRole(settings)],
    accounts: async () => [(await self(clients)).accountId],
    actions: eachAction((id, definition) => home.action(id, definition)),
  };
}

/** The listed accounts, each by its role, and besides the account of the credentials, by these. */
export function serveAccounts(listed: readonly AwsAccount[], settings: AwsSettings, hub: AwsClients): Served {
  const home = openAccount(settings, hub, () => hub);
  const members = new Map(listed.map((account) => [account.accountId, once(() => openMember(account, settings, hub))]));
  const homeId = once(async () => (await self(hub)).accountId);
  const find = async (id: string) => members.get(id)?.() ?? (id === (await homeId()) ? home : undefined);
  const accounts = async () => [...new Set([await homeId(), ...members.keys()])];
  const served = async () => (await accounts()).join(', ');
  const of = async (accountId: string): Promise<Account> => {
    const account = await find(accountId);
    if (account) return account;
    const message = `Cordon does not work in account ${accountId}, only in ${await served()}. Add it to \`aws.accounts\`, or act by hand.`;
    throw new CordonFailure('ValidationFailed', message);
  };
  return {
    resolve: (clues, alertAccountId) => resolveIn(clues, alertAccountId, { hub, home, find, served }),
    accounts,
    selves: async () => [await self(hub), ...listed.map(memberIdentity), ...centerRole(settings)],
    activity: async (principal, ...windows) => (await of(principal.accountId)).activity(principal, ...windows),
    credentials: async (principal) => (await of(principal.accountId)).credentials(principal),
    successfulCallsSince: async (principal, since) =>
      (await of(principal.accountId)).successfulCallsSince(principal, since),
    marked: async (accountId, held) => (await of(accountId)).marked(accountId, held),
    missingPermissions: async (permissions, accountId) =>
      (await of(accountId)).missingPermissions(permissions, accountId),
    actions: eachAction((id, definition) => {
      const own = home.action(id, definition);
      return routed(own, async (request) => (await of(request.accountId)).action(id, definition));
    }),
  };
}

/** A member costs nothing before it is asked for; an account id that could not be read is read again. */
function once<Made>(make: () => Made): () => Made {
  let made: { readonly value: Made } | undefined;
  return () => {
    made ??= { value: make() };
    if (made.value instanceof Promise) made.value.catch(() => (made = undefined));
    return made.value;
  };
}

function openMember(account: AwsAccount, settings: AwsSettings, hub: AwsClients): Account {
  const { accounts: _, identityCenter: _ofTheOrganisation, ...rest } = settings;
  const own = { ...rest, ...(account.logRegions ? { logRegions: account.logRegions } : {}) };
  const clientsFor = (purpose: string, permissions: readonly Permission[]): AwsClients => ({
    ...memberClients(purpose, permissions, account, hub, own),
    ...(hub.identityCenter ? { identityCenter: hub.identityCenter } : {}),
  });
  const reads = clientsFor('evidence', EVIDENCE_PERMISSIONS);
  return openAccount(own, reads, ({ facts }) =>
    clientsFor(
      facts.id,
      facts.permissions.filter((permission) => !isOfIdentityCenter(permission)),
    ),
  );
}

/** Known without a call: it must be protected even while it can't be assumed. */
function memberIdentity({ accountId, roleArn }: AwsAccount): Principal {
  return roleSession(accountId, parseArn(roleArn)?.resource.split('/').at(-1) ?? '', roleArn);
}

function centerRole({ identityCenter }: AwsSettings): readonly Principal[] {
  return identityCenter?.role ? [memberIdentity(identityCenter.role)] : [];
}

function eachAction(make: (id: string, definition: AwsActionDefinition) => Action): Provider['actions'] {
  return Object.fromEntries(Object.entries(AWS_ACTIONS).map(([id, definition]) => [id, make(id, definition)]));
}

/** All that calls the cloud goes to the account of the request; the rest of `own` reads nothing but what it is given. */
function routed(own: Action, of: (request: ActionRequest) => Promise<Action>): Action {
  const action: Action = {
    ...own,
    preflight: async (request, ...rest) => (await of(request)).preflight(request, ...rest),
    apply: async (request, ...rest) => (await of(request)).apply(request, ...rest),
    verify: async (request, ...rest) => (await of(request)).verify(request, ...rest),
    revert: async (request, ...rest) => (await of(request)).revert(request, ...rest),
  };
  if (!own.reconcile) return action;
  return {
    ...action,
    async reconcile(request, prior) {
      const there = await of(request);
      if (!there.reconcile) throw new Error(`${own.id} is a creating action, and has no reconcile.`);
      return there.reconcile(request, prior);
    },
  };
}

interface Searched {
  readonly hub: AwsClients;
  readonly home: Account;
  readonly find: (accountId: string) => Promise<Account | undefined>;
  /** Ids of all accounts that Cordon works in, for people to read. */
  readonly served: () => Promise<string>;
}

/** The account is that of the alert, else the one that every clue which tells its account tells. It is never searched for. */
async function resolveIn(
  clues: readonly PrincipalClue[],
  alertAccountId: string | undefined,
  { hub, home, find, served }: Searched,
): Promise<Resolution> {
  const unresolved = (reason: string): Resolution => ({ status: 'unresolved', reason });
  const leads = clues.map(readClue);
  // Why, the account of the credentials says as well as any: it is not asked who it is.
  if (unusableBecause(leads) !== null) return home.resolve(clues, alertAccountId);
  const told = alertAccountId === undefined ? await Promise.all(leads.map((lead) => accountOf(hub, lead))) : [];
  const [accountId, another] = new Set([alertAccountId, ...told].filter((id) => id !== undefined));
  if (accountId === undefined)
    return unresolved('The alert names no account, and no clue tells the one it belongs to.');
  if (another !== undefined) return unresolved(`The clues belong to different accounts, ${accountId} and ${another}.`);
  const account = await find(accountId);
  if (account) return account.resolve(clues, accountId);
  return unresolved(`The alert is about account ${accountId}; Cordon works in ${await served()} only.`);
}

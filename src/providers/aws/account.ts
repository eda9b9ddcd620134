import type { Action, Provider } from '../port.ts';
import { principalIn } from '../port.ts';
import type { AwsActionDefinition } from './actions/definition.ts';
import { findArnOfKey, findSuccessfulCalls, gatherActivity } from './activity.ts';
import type { AwsClients, AwsSettings } from './clients.ts';
import { gatherCredentials } from './credentials.ts';
import { createLookup } from './log/lookup.ts';
import { findMarks } from './marked.ts';
import { findMissingPermissions } from './permissions.ts';
import { resolvePrincipal } from './principals.ts';

type Reads = 'resolve' | 'activity' | 'credentials' | 'successfulCallsSince' | 'marked' | 'missingPermissions';

/** What Cordon reads and changes in one account. Its pace of log look-ups is its own, as AWS counts them. */
export interface Account extends Pick<Provider, Reads> {
  readonly action: (id: string, definition: AwsActionDefinition) => Action;
}

/** `clients` make the reads; `clientsFor` are those of an action, asked for once and not before the action is. */
export function openAccount(
  settings: AwsSettings,
  clients: AwsClients,
  clientsFor: (definition: AwsActionDefinition) => AwsClients,
): Account {
  const lookup = createLookup(clients, settings);
  const actions = new Map<string, Action>();
  return {
    resolve: (clues, accountId) => resolvePrincipal(clients, (id) => findArnOfKey(lookup, id), clues, accountId),
    activity: (principal, around, before) =>
      gatherActivity(clients, lookup, principalIn('aws', principal), around, before),
    credentials: (principal) => gatherCredentials(clients, principalIn('aws', principal)),
    successfulCallsSince: (principal, since) =>
      findSuccessfulCalls(clients, settings, lookup, principalIn('aws', principal), since),
    marked: (accountId, held) => findMarks(clients, settings.region, accountId, held),
    missingPermissions: (permissions, accountId) =>
      findMissingPermissions(clients, settings.region, permissions, accountId),
    action(id, definition) {
      const action = actions.get(id) ?? definition.create(clientsFor(definition), settings);
      actions.set(id, action);
      return action;
    },
  };
}

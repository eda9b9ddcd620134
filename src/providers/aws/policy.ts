import { CordonFailure } from '../../contracts/failures.ts';
import type { Permission } from '../port.ts';
import type { AwsActionId } from './actions/index.ts';
import { AWS_ACTIONS } from './actions/index.ts';
import type { AwsActionDefinition } from './actions/definition.ts';
import { ACCOUNT_ID } from './names.ts';
import { EVIDENCE_PERMISSIONS, resourceIn } from './permissions.ts';

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/**
 * The policy for Cordon's own identity: exactly what the evidence and the enabled actions declare, no wildcard among the actions.
 * With `selfArn` it also denies Cordon every write on itself, so that nobody who talks it into a target can turn it on itself.
 */
export function leastPrivilegePolicy(
  enabledActions: readonly string[],
  accountId: string,
  selfArn?: string,
): PolicyDocument {
  return policyFor([...EVIDENCE_PERMISSIONS, ...enabledActions.flatMap(permissionsOfAction)], accountId, selfArn);
}

/** Exactly these permissions; a session of a role in another account is narrowed by it. */
export function policyFor(
  permissions: readonly Permission[],
  accountId: string,
  selfArn: string | undefined,
): PolicyDocument {
  if (!ACCOUNT_ID.test(accountId)) throw new CordonFailure('ValidationFailed', 'An account id has twelve digits.');
  const byPlace = Map.groupBy(permissions, (permission) => sidOf(permission));
  const statements = [...byPlace].flatMap(([sid, group]) => allowed(sid, group, accountId));
  const writes = permissions.filter((permission) => !isRead(permission) && permission.name.startsWith('iam:'));
  const guard = selfArn && writes.length > 0 ? [statement('CordonNeverChangesItself', 'Deny', writes, [selfArn])] : [];
  return { Version: '2012-10-17', Statement: [...statements, ...guard] };
}

/** One statement for all actions on the same resources: in one for several, each action would get those of the others as well. */
function allowed(sid: string, permissions: readonly Permission[], accountId: string): readonly PolicyStatement[] {
  const byName = Map.groupBy(permissions, ({ name }) => name);
  const each = [...byName.values()].map((group) => ({
    group,
    resources: [...new Set(group.map((one) => resourceIn(one, accountId)))],
  }));
  const byResources = Map.groupBy(each, ({ resources }) => resources.toSorted().join(' '));
  return [...byResources.values()].map((alike, index) =>
    statement(
      index === 0 ? sid : `${sid}${index + 1}`,
      'Allow',
      alike.flatMap(({ group }) => group),
      alike[0]?.resources ?? [],
    ),
  );
}

export function permissionsOfAction(action: string): readonly Permission[] {
  const definition: AwsActionDefinition | undefined = Object.hasOwn(AWS_ACTIONS, action)
    ? AWS_ACTIONS[action as AwsActionId]
    : undefined;
  if (!definition) throw new CordonFailure('ValidationFailed', `There is no AWS action called ${action}.`);
  return definition.facts.permissions;
}

const PLACES: readonly (readonly [RegExp, string])[] = [
  [/:user\//u, 'Users'],
  [/:role\//u, 'Roles'],
  [/:policy\//u, 'Policies'],
  [/:group\//u, 'Groups'],
  [/:function:/u, 'Functions'],
  [/:oidc-provider\//u, 'OidcProviders'],
  [/:saml-provider\//u, 'SamlProviders'],
  [/:secret:/u, 'Secrets'],
  [/:sso:/u, 'IdentityCenter'],
  [/^\*$/u, 'Account'],
];

/** Such as CordonReadsUsers: one statement for each kind of resource, reads apart from changes. */
function sidOf(permission: Permission): string {
  const place = PLACES.find(([pattern]) => pattern.test(permission.resource))?.[1];
  if (!place) throw new Error(`Permission ${permission.name} is on a kind of resource that the policy can't name.`);
  return `Cordon${isRead(permission) ? 'Reads' : 'Changes'}${place}`;
}

function isRead({ name }: Permission): boolean {
  return /:(?:Get|List|Describe|Lookup|Simulate)/u.test(name);
}

function statement(
  Sid: string,
  Effect: 'Allow' | 'Deny',
  permissions: readonly Permission[],
  Resource: readonly string[],
) {
  return { Sid, Effect, Action: [...new Set(permissions.map(({ name }) => name))].toSorted(), Resource };
}

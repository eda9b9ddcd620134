import { GetRolePolicyCommand } from '@aws-sdk/client-iam';

import type { ActivityFacts } from '../../../src/domain/evidence.ts';
import type { ActionRequest } from '../../../src/domain/plan.ts';
import type { AwsPrincipal } from '../../../src/domain/principal.ts';
import type { AwsSettings } from '../../../src/providers/aws/clients.ts';
import { createAwsProvider } from '../../../src/providers/aws/index.ts';
import type { Action, Provider } from '../../../src/providers/port.ts';
import type { IdentityCenter } from '../../support/aws/identity-center.ts';
import { startIdentityCenter } from '../../support/aws/identity-center.ts';
import type { PermissionSet, User } from '../../support/aws/identity-center-state.ts';
import type { MiniStack } from '../../support/processes/ministack.ts';
import { buildStage, type Stage } from './stage.ts';

export const CASE = 'ca_0123456789abcdef0123456789abcdef';
export const ACTIONS = ['deny-permission-set-user', 'remove-account-assignments'];
/** In which MiniStack has no roles. */
export const OTHER_ACCOUNT = '210987654321';

/** An inline policy of somebody's, written as people write. */
export const WORK = `{
  "Version": "2012-10-17",
  "Statement": {"Sid": "Work", "Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}
}`;

/** jane and bob share Admin in both accounts; jane alone has ReadOnly, through a group. */
export interface PeopleStage {
  readonly stage: Stage;
  readonly center: IdentityCenter;
  readonly provider: Provider;
  readonly settings: AwsSettings;
  readonly jane: User;
  readonly bob: User;
  readonly admin: PermissionSet;
  readonly readOnly: PermissionSet;
  /** jane, as seen in a session of Admin. */
  readonly principal: AwsPrincipal;
  readonly choose: (
    id: string,
    facts?: ActivityFacts | null,
  ) => { readonly action: Action; readonly request: ActionRequest };
  /** The organisation, and the inline policy that each role really has. */
  readonly snapshot: () => Promise<unknown>;
  readonly assign: (user: User, set: PermissionSet, accountId?: string) => Promise<void>;
}

export async function buildPeople(ministack: MiniStack, enabled: readonly string[] = ACTIONS): Promise<PeopleStage> {
  const stage = await buildStage(ministack, undefined, enabled);
  const center = await startIdentityCenter(ministack);
  const { organisation } = center;
  const here = ministack.accountId;
  const jane = organisation.addUser('jane@corp.example');
  const bob = organisation.addUser('bob@corp.example');
  const admin = organisation.addPermissionSet('Admin', WORK);
  const readOnly = organisation.addPermissionSet('ReadOnly');
  const assign = (user: User, { arn }: PermissionSet, AccountId = here) =>
    organisation.assign({ AccountId, PermissionSetArn: arn, PrincipalType: 'USER', PrincipalId: user.id });
  for (const account of [here, OTHER_ACCOUNT]) for (const user of [jane, bob]) await assign(user, admin, account);
  const group = { PrincipalType: 'GROUP' as const, PrincipalId: organisation.addGroup(jane, bob) };
  await organisation.assign({ AccountId: here, PermissionSetArn: readOnly.arn, ...group });
  await center.announcePeople();
  const settings: AwsSettings = {
    ...stage.settings,
    identityCenter: {
      instanceArn: organisation.instanceArn,
      identityStoreId: organisation.identityStoreId,
      region: ministack.region,
      endpoint: center.url,
    },
  };
  const provider = createAwsProvider(settings);
  const arn = `arn:aws:sts::${here}:assumed-role/${organisation.roleName(admin, here)}/${jane.name}`;
  const principal: AwsPrincipal = {
    cloud: 'aws',
    kind: 'identity-center-user',
    accountId: here,
    name: jane.name,
    arn,
    uniqueId: jane.id,
  };
  return {
    stage,
    center,
    provider,
    settings,
    jane,
    bob,
    admin,
    readOnly,
    principal,
    assign,
    choose(id, facts = null) {
      const [request] = provider.propose(principal, facts, CASE, [id]).requests;
      const action = provider.actions[id];
      if (!request || !action) throw new Error(`no ${id}`);
      return { action, request };
    },
    snapshot: async () => ({
      organisation: organisation.snapshot(),
      roles: await Promise.all([admin, readOnly].map((set) => policyOfRole(stage, organisation.roleName(set, here)))),
    }),
  };
}

/** The inline policy as IAM has it, or the name of the error that it answers with. */
async function policyOfRole({ admin }: Stage, RoleName: string): Promise<string> {
  const input = { RoleName, PolicyName: 'AwsSSOInlinePolicy' };
  const found = await admin.iam.send(new GetRolePolicyCommand(input)).catch((error: Error) => error.name);
  return typeof found === 'string' ? found : decodeURIComponent(found.PolicyDocument ?? '');
}

/** Applies, and answers how to undo it. */
export async function carryOut({ choose }: PeopleStage, id: string) {
  const { action, request } = choose(id);
  const { prior } = await action.preflight(request);
  const { result } = await action.apply(request, prior);
  return { action, request, prior, result, undo: () => action.revert(request, prior, result) };
}

import { ListAccessKeysCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach } from 'vitest';

import type { ActivityFacts } from '../../../src/domain/evidence.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../../src/domain/plan.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { AWS_ACTIONS } from '../../../src/providers/aws/actions/index.ts';
import type { AwsClients, AwsCredentials } from '../../../src/providers/aws/clients.ts';
import type { Action } from '../../../src/providers/port.ts';
import { startMiniStack, type MiniStack } from '../../support/processes/ministack.ts';
import { buildStage, type Stage } from './stage.ts';

export const CASE = 'ca_0123456789abcdef0123456789abcdef';
export const ALL = Object.keys(AWS_ACTIONS);

/** Live bindings, new before each test: alice with one key, and the role `deploy` that she may assume. */
export let ministack: MiniStack;
export let stage: Stage;
export let alice: Principal;
export let key: AwsCredentials;
export let roleArn: string;
/** Breaks the calls named here, to see what becomes of a half-done action. */
export const faults = new Map<string, (proceed: () => Promise<unknown>) => Promise<unknown>>();

export async function startAccount(): Promise<void> {
  ministack = await startMiniStack();
}

export function useCaseOfAlice(): void {
  beforeAll(startAccount);
  afterAll(() => ministack?.stop());
  beforeEach(() => build());
}

/** Cordon's own policy allows what is enabled, and no more. */
export async function build(enabled: readonly string[] = ALL): Promise<void> {
  faults.clear();
  stage = await buildStage(ministack, breakWhereAsked, enabled);
  const user = await stage.createUser('alice');
  await Promise.all(['alice', 'cordon'].map((name) => stage.endow(name)));
  key = user.key;
  roleArn = (await stage.createRole('deploy')).arn;
  const { accountId } = ministack;
  alice = { cloud: 'aws', kind: 'iam-user', accountId, name: 'alice', arn: user.arn, uniqueId: user.id };
}

/** A deny that a long-term key would pass: it has no time of issue. */
export const conditionalDeny = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { DateLessThan: { 'aws:TokenIssueTime': '2026-01-01T00:00:00Z' } },
    },
  ],
});

export function chosen(id: string): { action: Action; request: ActionRequest } {
  const facts = { assumedRoles: [{ roleArn, sessionName: 's', at: '' }], around: {} } as unknown as ActivityFacts;
  const { requests } = stage.provider.propose(alice, facts, CASE, ALL);
  const request = requests.find(({ action }) => action === id);
  const action = stage.provider.actions[id];
  if (!request || !action) throw new Error(`no ${id}`);
  return { action, request };
}

/** Applies and answers how to undo it. */
export async function apply(id: string): Promise<() => Promise<void>> {
  const { action, request } = chosen(id);
  const { prior } = await action.preflight(request);
  const { result } = await action.apply(request, prior);
  return () => action.revert(request, prior, result);
}

export async function keysOfAlice(): Promise<(string | undefined)[]> {
  const { AccessKeyMetadata = [] } = await stage.admin.iam.send(new ListAccessKeysCommand({ UserName: 'alice' }));
  return AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId);
}

export function writes(calls: readonly PlannedCall[]): readonly PlannedCall[] {
  return withoutSecrets(calls.filter(({ operation }) => !/^(?:Get|List|Describe|Simulate|Lookup)/u.test(operation)));
}

/** The preview has the time of a revocation in words; the prior state has it as it is then put. */
export function atTheMoment(calls: readonly PlannedCall[], { olderThan }: JsonObject): readonly PlannedCall[] {
  if (typeof olderThan !== 'string') return calls;
  const resolved = JSON.stringify(calls).replace(/<the moment of the change \+ \d+ s>/u, olderThan);
  return JSON.parse(resolved) as readonly PlannedCall[];
}

/** The new key's id and secret and a new password can't be known beforehand; all else must be equal. */
export function withoutSecrets(calls: readonly PlannedCall[]): readonly PlannedCall[] {
  return calls.map((call) => {
    const { SecretString, Password, Tags, ...parameters } = call.parameters;
    const tags = (Tags as { Key: string }[] | undefined)?.map(({ Key }) => Key);
    return {
      ...call,
      parameters: { ...parameters, ...(SecretString || Password ? { secret: true } : {}), ...(tags ? { tags } : {}) },
    };
  });
}

/** Issue times have whole seconds: two sessions can only be told apart in different ones. */
export async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000);
  while (Math.floor(Date.now() / 1000) === second) await new Promise((resolve) => setTimeout(resolve, 20));
}

function breakWhereAsked(clients: AwsClients): void {
  const others = [clients.creating.iam, clients.creating.secrets, ...clients.lambda.values()];
  for (const client of [clients.iam, ...others]) {
    (client.middlewareStack as AwsClients['iam']['middlewareStack']).add(
      (next, context) => (args) => {
        const fault = faults.get((context['commandName'] ?? '').replace(/Command$/u, ''));
        return (fault ? fault(() => next(args)) : next(args)) as ReturnType<typeof next>;
      },
      // Inside the retries, where the network would fail.
      { step: 'finalizeRequest', priority: 'low', name: 'fault' },
    );
  }
}

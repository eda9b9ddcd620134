import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { UpdateAccessKeyCommand } from '@aws-sdk/client-iam';

import type { ActionRequest } from '../../../src/domain/plan.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { resourceOf } from '../../../src/domain/principal.ts';
import { deletionOfKeys } from '../../../src/providers/aws/actions/delete-access-keys/request.ts';
import { AWS_ACTIONS } from '../../../src/providers/aws/actions/index.ts';
import {
  ALL,
  alice,
  atTheMoment,
  build,
  CASE,
  chosen,
  faults,
  key,
  ministack,
  stage,
  withoutSecrets,
  writes,
} from '../../providers/aws/case-of-alice.ts';
import { leaveBehind, MADE_USELESS, PERSISTENCE, proposed, trust } from '../../providers/aws/persistence.ts';
import { offTheWire, type ActionWorld, type FaultOffTheWire } from './action.contract.ts';

/** What the SDK throws when the far side answers so. */
const THROWN: Readonly<Record<Exclude<FaultOffTheWire, 'lost'>, { readonly name: string; readonly status: number }>> = {
  throttled: { name: 'Throttling', status: 400 },
  unavailable: { name: 'ServiceUnavailable', status: 503 },
  denied: { name: 'AccessDenied', status: 403 },
  conflict: { name: 'ConcurrentModification', status: 409 },
  gone: { name: 'NoSuchEntity', status: 404 },
  cut: { name: 'TimeoutError', status: 0 },
};

/** Every change that any action declares, so that none passes by a fault. */
const WRITES: ReadonlySet<string> = new Set(
  Object.values(AWS_ACTIONS)
    .flatMap(({ facts }) => facts.permissions.map(({ name }) => name.split(':')[1] ?? ''))
    .filter((operation) => !/^(?:Get|List|Describe)/u.test(operation)),
);

/** The case of alice, in which the suspect has done what the action of that id is against. */
export async function awsWorld(rightsFor: readonly string[], id: string): Promise<ActionWorld> {
  await build(rightsFor);
  const made = await requestFor(id);
  const account = ministack.accountId;
  return {
    provider: stage.provider,
    accountId: account,
    choose(wanted) {
      const action = stage.provider.actions[wanted];
      return made && action ? { action, request: made } : chosen(wanted);
    },
    snapshot: () => stage.snapshot(),
    forgetCalls: () => void (stage.calls.length = 0),
    writes: () => writes(stage.calls),
    permissionsUsed: () => stage.calls.map(({ service, operation }) => `${service}:${operation}`),
    asMade: (calls, prior) => atTheMoment(withoutSecrets(calls), prior),
    wrongTargets: (_, { target }) => {
      // Such as `arn:aws:iam::123456789012:user/` and `alice`.
      const [, head = '', name = ''] = /^(.*?:(?:function:|[a-z-]+\/))(.+)$/u.exec(target) ?? [];
      return [
        `${head}*`,
        head,
        `${head.replace(account, '210987654321')}${name}`,
        `arn:aws:iam::${account}:root`,
        `arn:aws:s3:::${alice.name}`,
      ];
    },
    breakWrites(fault) {
      faults.clear();
      if (!fault) return;
      const kind = offTheWire(fault);
      for (const operation of WRITES) faults.set(operation, (proceed) => broken(kind, proceed));
    },
    stop: async () => faults.clear(),
  };
}

/** Null: the request of an ordinary proposal for alice will do. */
async function requestFor(id: string): Promise<ActionRequest | null> {
  if (id === 'delete-access-keys') return deletion();
  if (id === 'close-role-trust') return only(id, await stolenRole());
  const one = [...PERSISTENCE, ...MADE_USELESS].find(({ action }) => action === id);
  if (!one) return null;
  await leaveBehind(stage, key, one);
  return only(id, alice);
}

async function only(id: string, suspect: Principal): Promise<ActionRequest> {
  const { requests, caveats } = await proposed(stage, suspect, ALL, CASE);
  const request = requests.find(({ action }) => action === id);
  if (!request) throw new Error(`The plan has no ${id}: ${caveats.join(' ')}`);
  return request;
}

async function deletion(): Promise<ActionRequest> {
  const { accessKeyId } = await stage.newKey('alice');
  const asleep = { UserName: 'alice', AccessKeyId: accessKeyId, Status: 'Inactive' as const };
  await stage.admin.iam.send(new UpdateAccessKeyCommand(asleep));
  const past = '2026-01-01T00:00:00.000Z';
  const { cloud, accountId } = alice;
  const of = { cloud, accountId, principal: alice, target: resourceOf(alice) };
  return deletionOfKeys(of, [accessKeyId], { deactivatedAt: past, notBefore: past });
}

/** A role whose trust policy names the thief among others, and the session of it that the thief holds. */
async function stolenRole(): Promise<Principal> {
  const carol = await stage.createUser('carol');
  const role = await stage.createRole('ops', trust(`arn:aws:iam::${ministack.accountId}:user/alice`, carol.arn));
  const session = await stage.assume(key, role.arn, 'stolen');
  await stage.as(session).ec2.send(new DescribeInstancesCommand({}));
  const value = `arn:aws:sts::${ministack.accountId}:assumed-role/ops/stolen`;
  const found = await stage.provider.resolve([{ form: 'arn', value }], ministack.accountId);
  if (found.status !== 'resolved') throw new Error(found.reason);
  return found.principal;
}

async function broken(fault: FaultOffTheWire, proceed: () => Promise<unknown>): Promise<never> {
  if (fault === 'lost') await proceed();
  const { name, status } = THROWN[fault === 'lost' ? 'cut' : fault];
  throw Object.assign(new Error('Broken by the test.'), {
    name,
    ...(status === 0 ? {} : { $fault: 'client', $metadata: { httpStatusCode: status } }),
  });
}

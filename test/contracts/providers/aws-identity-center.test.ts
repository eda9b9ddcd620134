import { afterAll, beforeAll } from 'vitest';

import type { PlannedCall } from '../../../src/domain/plan.ts';
import { buildPeople } from '../../providers/aws/identity-center-stage.ts';
import { startMiniStack, type MiniStack } from '../../support/processes/ministack.ts';
import { actionContract, OFF_THE_WIRE, offTheWire, type ActionWorld } from './action.contract.ts';
import { OF_IDENTITY_CENTER, UNDER_CONTRACT } from './actions.ts';

let ministack: MiniStack;
beforeAll(async () => void (ministack = await startMiniStack()));
afterAll(() => ministack?.stop());

/** Whatever IAM calls a read. */
const READS = /:(?:Get|List|Describe)/u;

async function world(rightsFor: readonly string[]): Promise<ActionWorld> {
  const { center, provider, choose, snapshot, bob } = await buildPeople(ministack, rightsFor);
  const call = (action: string, input: unknown) => ({ action, input });
  return {
    provider,
    accountId: ministack.accountId,
    choose: (id) => choose(id),
    snapshot,
    forgetCalls: () => void (center.calls.length = 0),
    writes: () => center.calls.filter(({ action }) => !READS.test(action)),
    permissionsUsed: () => center.calls.map(({ action }) => action),
    asMade: (calls: readonly PlannedCall[]) =>
      calls.map(({ operation, parameters }) => call(`sso:${operation}`, parameters)),
    wrongTargets: (_, { principal }) => [
      'arn:aws:identitystore:::user/*',
      'arn:aws:identitystore:::user/',
      `arn:aws:identitystore:::user/${bob.id}`,
      `arn:aws:iam::${ministack.accountId}:user/${principal.name}`,
    ],
    breakWrites: (fault) => void (center.fault = fault && offTheWire(fault)),
    stop: () => center.stop(),
  };
}

actionContract(
  'aws',
  UNDER_CONTRACT.aws.filter(({ id }) => OF_IDENTITY_CENTER.includes(id)),
  world,
  { faults: OFF_THE_WIRE },
);

import { afterAll, beforeAll, expect, it } from 'vitest';

import { AWS_ACTIONS } from '../../../src/providers/aws/actions/index.ts';
import { ministack, startAccount } from '../../providers/aws/case-of-alice.ts';
import { MADE_USELESS, PERSISTENCE } from '../../providers/aws/persistence.ts';
import { actionContract } from './action.contract.ts';
import { UNDER_CONTRACT } from './actions.ts';
import { awsWorld } from './aws-world.ts';

beforeAll(startAccount);
afterAll(() => ministack?.stop());

/** On a stage of their own, with an Identity Center: aws-identity-center.test.ts. */
const OF_IDENTITY_CENTER = ['deny-permission-set-user', 'remove-account-assignments'];

it('is kept by every action', () => {
  const under = [...UNDER_CONTRACT.aws.map(({ id }) => id), ...OF_IDENTITY_CENTER];
  expect(under.toSorted()).toEqual(Object.keys(AWS_ACTIONS).toSorted());
});

// What the suspect left behind has a file of its own, so that both run at once.
const left = new Set<string>([...PERSISTENCE, ...MADE_USELESS].map(({ action }) => action));
actionContract(
  'aws',
  UNDER_CONTRACT.aws.filter(({ id }) => !left.has(id)),
  awsWorld,
);

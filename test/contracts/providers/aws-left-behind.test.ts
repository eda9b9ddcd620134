import { afterAll, beforeAll } from 'vitest';

import { ministack, startAccount } from '../../providers/aws/case-of-alice.ts';
import { MADE_USELESS, PERSISTENCE } from '../../providers/aws/persistence.ts';
import { actionContract, OFF_THE_WIRE } from './action.contract.ts';
import { UNDER_CONTRACT } from './actions.ts';
import { awsWorld } from './aws-world.ts';

beforeAll(startAccount);
afterAll(() => ministack?.stop());

const left = new Set<string>([...PERSISTENCE, ...MADE_USELESS].map(({ action }) => action));
actionContract(
  'aws',
  UNDER_CONTRACT.aws.filter(({ id }) => left.has(id)),
  awsWorld,
  { faults: OFF_THE_WIRE },
);

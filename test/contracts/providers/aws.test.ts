import { afterAll, beforeAll } from 'vitest';

import { ministack, startAccount } from '../../providers/aws/case-of-alice.ts';
import { MADE_USELESS, PERSISTENCE } from '../../providers/aws/persistence.ts';
import { actionContract, OFF_THE_WIRE } from './action.contract.ts';
import { OF_IDENTITY_CENTER, UNDER_CONTRACT } from './actions.ts';
import { awsWorld } from './aws-world.ts';

beforeAll(startAccount);
afterAll(() => ministack?.stop());

// What the suspect left behind has a file of its own, so that both run at once.
const left = new Set<string>([...PERSISTENCE, ...MADE_USELESS].map(({ action }) => action));
actionContract(
  'aws',
  UNDER_CONTRACT.aws.filter(({ id }) => !left.has(id) && !OF_IDENTITY_CENTER.includes(id)),
  awsWorld,
  { faults: OFF_THE_WIRE },
);

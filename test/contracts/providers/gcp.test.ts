import { actionContract } from './action.contract.ts';
import { UNDER_CONTRACT } from './actions.ts';
import { gcpWorld } from './gcp-world.ts';

actionContract('gcp', UNDER_CONTRACT.gcp, gcpWorld);

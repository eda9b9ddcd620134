import { afterAll, describe } from 'vitest';

import { actionContract, OFF_THE_WIRE } from '../contracts/providers/action.contract.ts';
import { cleanUp } from './clean.ts';
import { confirmed, isCloud } from './confirmation.ts';
import { OPENERS } from './open.ts';
import { runOf } from './run.ts';

/** Started by `main.ts`, which has refused by now whatever was not confirmed. */
const run = runOf(confirmed(process.env, 'CORDON_LIVE_RUN'));
const clouds = confirmed(process.env, 'CORDON_LIVE_CLOUDS').split(' ').filter(isCloud);
const wanted = process.env['CORDON_LIVE_ACTIONS']?.split(' ').filter(Boolean) ?? [];

for (const cloud of clouds) {
  const account = await OPENERS[cloud](process.env, run);
  const actions = account.actions.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
  describe.runIf(actions.length > 0)(`in ${account.name}`, () => {
    afterAll(async () => {
      const { left } = await cleanUp(account, () => true);
      if (left.length > 0) throw new Error(`Left in ${account.name}, remove it by hand:\n${left.join('\n')}`);
    });
    actionContract(cloud, actions, (rightsFor) => account.build(rightsFor), { faults: OFF_THE_WIRE });
  });
}

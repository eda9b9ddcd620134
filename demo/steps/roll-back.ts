import { z } from 'zod';

import { canDecide, show } from '../approval.ts';
import { awsClients } from '../aws.ts';
import { tryAll } from '../report.ts';
import { differences, snapshot } from '../snapshot.ts';
import { decide, endOf, expectAllowed, showCommand, type Story } from '../story.ts';
import type { Attack } from './attack.ts';
import type { Asked } from './verdict.ts';

const verification = z.looseObject({ status: z.string() });

/** The timeline; then all is put back, and the account and the ledger show it. */
export async function rollBack(story: Story, attack: Attack, { caseId, channel }: Asked): Promise<void> {
  const { stage, terminal, checks, report } = story;
  const { ministack, cordon } = stage;
  await showCommand(story, ['case', 'timeline', caseId]);
  await showCommand(story, ['case', 'rollback', caseId, '--reason', 'the-demo-puts-everything-back']);
  const message = await channel.dana.waitForMessage(canDecide);
  show(terminal, message);
  await decide(story, channel, message, 'Approve the rollback?');
  const state = await endOf(story, caseId, ['ROLLED_BACK', 'ROLLBACK_PARTIAL']);
  checks.that(state === 'ROLLED_BACK', 'Everything was put back', state);

  const different = differences(attack.account, await snapshot(awsClients(ministack, ministack.root).iam));
  report.snapshot = { facts: attack.account.size, differencesAfterRollback: different };
  const detail = different.length === 0 ? `${attack.account.size} facts of IAM` : different.join(', ');
  checks.that(different.length === 0, 'The account equals its snapshot', detail);
  const again = await tryAll(attack.probes, report.credentials, 'afterRollback');
  expectAllowed(story, again, 'afterRollback', 'Works again, for whoever holds it');

  const verified = verification.parse(JSON.parse(await cordon.run(['--json', 'ledger', 'verify'])));
  report.ledger = verified;
  await showCommand(story, ['ledger', 'verify']);
  checks.that(verified.status === 'intact', 'The ledger verifies');
  checks.demand();
}

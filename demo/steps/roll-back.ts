import { z } from 'zod';

import { canDecide, show } from '../approval.ts';
import { tryAll, type Tried } from '../report.ts';
import { differences } from '../snapshot.ts';
import { decide, endOf, expectAllowed, expectRefused, showCommand, type Story } from '../story.ts';
import type { Attacked } from './attack.ts';
import type { Asked } from './verdict.ts';

const verification = z.looseObject({ status: z.string() });

/** The timeline; then all is put back, and the account and the ledger show it. */
export async function rollBack(story: Story, attack: Attacked, { caseId, channel }: Asked): Promise<void> {
  const { stage, terminal, checks, report } = story;
  const { cordon } = stage;
  await showCommand(story, ['case', 'timeline', caseId]);
  await showCommand(story, ['case', 'rollback', caseId, '--reason', 'the-demo-puts-everything-back']);
  const message = await channel.dana.waitForMessage(canDecide);
  show(terminal, message);
  await decide(story, channel, message, caseId, 'Approve the rollback?');
  const state = await endOf(story, caseId, ['ROLLED_BACK', 'ROLLBACK_PARTIAL']);
  checks.that(state === 'ROLLED_BACK', 'Everything was put back', state);
  await compare(story, attack);
  const holds = attack.probes.filter(({ gone }) => !gone);
  const again = await onceBound(() => tryAll(holds, report.credentials, 'afterRollback'));
  expectAllowed(story, again, 'afterRollback', 'Works again, for whoever holds it');
  const lost = attack.probes.filter(({ gone }) => gone);
  expectRefused(story, await tryAll(lost, report.credentials, 'afterRollback'), 'afterRollback', 'Stays refused');

  const verified = verification.parse(JSON.parse(await cordon.run(['--json', 'ledger', 'verify'])));
  report.ledger = verified;
  await showCommand(story, ['ledger', 'verify']);
  checks.that(verified.status === 'intact', 'The ledger verifies');
  checks.demand();
}

/** What nobody can put back is named, and must not come back by some other way. */
async function compare({ stage, checks, report }: Story, { account }: Attacked): Promise<void> {
  const { scene } = stage;
  const now = await scene.snapshot();
  const different = differences(account, now).filter((name) => !scene.irrecoverable.includes(name));
  const removed = scene.irrecoverable.filter((name) => account.has(name) && !now.has(name));
  report.snapshot = { facts: account.size, differencesAfterRollback: different, removedForGood: removed };
  const detail = different.length === 0 ? `${account.size - removed.length} facts` : different.join(', ');
  checks.that(different.length === 0, 'The account equals its snapshot', detail);
  for (const name of scene.irrecoverable) checks.that(removed.includes(name), 'Can not be put back, and was not', name);
}

const BINDS_WITHIN_MS = 10_000;

/** A role that is given back binds some time later, as in the real clouds. Answers as it stands in the end. */
async function onceBound(ask: () => Promise<readonly Tried[]>): Promise<readonly Tried[]> {
  const deadline = performance.now() + BINDS_WITHIN_MS;
  for (;;) {
    const answers = await ask();
    if (answers.every(({ afterRollback }) => afterRollback?.allowed) || performance.now() > deadline) return answers;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

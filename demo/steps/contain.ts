import { END_STATES } from '../../src/domain/case.ts';
import { APPROVE, canDecide, clickApprove } from '../approval.ts';
import { awsClients } from '../aws.ts';
import { until } from '../checks.ts';
import { tryAll } from '../report.ts';
import { differences, snapshot } from '../snapshot.ts';
import { decide, endOf, expectAllowed, expectRefused, type Story } from '../story.ts';
import type { Alerts } from './alert.ts';
import type { Attack } from './attack.ts';
import type { Asked } from './verdict.ts';

/** Until someone listed approves nothing happens; then every credential of the attacker is refused, and nobody else's. */
export async function contain(story: Story, attack: Attack, alerts: Alerts, asked: Asked): Promise<void> {
  const { stage, terminal, checks, report } = story;
  const { caseId, channel, message } = asked;
  await withoutApproval(story, attack, asked);
  await decide(story, channel, message, 'Approve the containment of alice?');
  const state = await endOf(story, caseId, END_STATES);
  const { timeline, alertIds } = await stage.cordon.case(caseId);
  checks.that(state === 'CONTAINED', 'The case is CONTAINED', `${timeline.at(-1)?.detail}`);
  checks.demand();
  checks.that(
    alerts.alice.every((id) => alertIds.includes(id)),
    'All alerts about alice joined this case',
  );
  const locked = await until('The message to be locked', async () => {
    const now = (await channel.dana.messages()).find(({ ts }) => ts === message.ts);
    return now && !canDecide(now) ? now : undefined;
  });
  checks.that(JSON.stringify(locked.blocks).includes('by dana'), 'The Slack message is locked, and says who decided');

  terminal.note('The attacker tries again:');
  expectRefused(story, await tryAll(attack.probes, report.credentials, 'after'), 'after', 'Refused');
  expectAllowed(story, await tryAll(attack.bystanders, report.bystanders, 'after'), 'after', 'Still works');
  checks.demand();
}

async function withoutApproval({ stage, terminal, checks }: Story, attack: Attack, asked: Asked): Promise<void> {
  const { ministack, cordon } = stage;
  const { caseId, channel, message } = asked;
  const told = await clickApprove(channel, channel.mallory, message);
  terminal.note(`mallory, who is no approver, clicked Approve and was told: ${told}`);
  const { status } = await channel.dana.click(message, APPROVE, 'forged');
  checks.that(status === 401, "A click in dana's name with a forged signature is refused", `HTTP ${status}`);
  checks.that((await cordon.case(caseId)).state === 'AWAITING_APPROVAL', 'Neither click decided anything');
  const changed = differences(attack.account, await snapshot(awsClients(ministack, ministack.root).iam));
  checks.that(changed.length === 0, 'Neither click changed anything in AWS', changed.join(', '));
  const tried = await Promise.all(attack.probes.map(({ attempt }) => attempt()));
  checks.that(
    tried.every(({ allowed }) => allowed),
    'Without approval the attacker still gets through everywhere',
  );
  checks.demand();
}

import { END_STATES } from '../../src/domain/case.ts';
import { APPROVE, canDecide, clickApprove } from '../approval.ts';
import { until } from '../checks.ts';
import { tryAll } from '../report.ts';
import { differences } from '../snapshot.ts';
import { decide, endOf, expectAllowed, expectRefused, type Story } from '../story.ts';
import type { Alerts } from './alert.ts';
import type { Attacked } from './attack.ts';
import type { Asked } from './verdict.ts';

/** Until someone listed approves nothing happens; then every credential of the attacker is refused, and nobody else's. */
export async function contain(story: Story, attack: Attacked, alerts: Alerts, asked: Asked): Promise<void> {
  const { stage, terminal, checks, report } = story;
  const { caseId, channel, message } = asked;
  await withoutApproval(story, attack, asked);
  await decide(story, channel, message, caseId, `Approve the containment of ${stage.scene.suspect.name}?`);
  const state = await endOf(story, caseId, [...END_STATES, 'MONITORING']);
  const { timeline, alertIds } = await stage.cordon.case(caseId);
  checks.that(state === 'CONTAINED', 'The case is CONTAINED', `${timeline.at(-1)?.detail}`);
  checks.demand();
  checks.that(
    alerts.suspect.every((id) => alertIds.includes(id)),
    `All alerts about ${stage.scene.suspect.name} joined this case`,
  );
  const locked = await until('The message to be locked', async () => {
    const now = (await channel.dana.messages()).find(({ ts }) => ts === message.ts);
    return now && !canDecide(now) ? now : undefined;
  });
  checks.that(JSON.stringify(locked.blocks).includes('by dana'), 'The Slack message is locked, and says who decided');

  const changed = differences(attack.account, await stage.scene.snapshot());
  const foreign = changed.filter((name) => !stage.scene.ofSuspect.test(name));
  checks.that(
    changed.length > 0 && foreign.length === 0,
    'Nothing but the suspect was changed',
    foreign.length === 0 ? `${changed.length} facts` : foreign.join(', '),
  );
  terminal.note('The attacker tries again:');
  expectRefused(story, await tryAll(attack.probes, report.credentials, 'after'), 'after', 'Refused');
  expectAllowed(story, await tryAll(attack.bystanders, report.bystanders, 'after'), 'after', 'Still works');
  checks.demand();
}

async function withoutApproval({ stage, terminal, checks }: Story, attack: Attacked, asked: Asked): Promise<void> {
  const { scene, cordon } = stage;
  const { caseId, channel, message } = asked;
  const told = await clickApprove(channel, channel.mallory, message);
  terminal.note(`mallory, who is no approver, clicked Approve and was told: ${told}`);
  const { status } = await channel.dana.click(message, APPROVE, 'forged');
  checks.that(status === 401, "A click in dana's name with a forged signature is refused", `HTTP ${status}`);
  checks.that((await cordon.case(caseId)).state === 'AWAITING_APPROVAL', 'Neither click decided anything');
  const changed = differences(attack.account, await scene.snapshot());
  checks.that(changed.length === 0, 'Neither click changed anything in the cloud', changed.join(', '));
  const tried = await Promise.all(attack.probes.map(({ attempt }) => attempt()));
  checks.that(
    tried.every(({ allowed }) => allowed),
    'Without approval the attacker still gets through everywhere',
  );
  checks.demand();
}

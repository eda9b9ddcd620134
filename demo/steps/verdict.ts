import type { SlackMessage } from '../../test/support/processes/slack-person.ts';
import { canDecide, joinChannel, show, type Channel } from '../approval.ts';
import { DemoFailed, until } from '../checks.ts';
import type { Story } from '../story.ts';
import type { Alerts } from './alert.ts';

export interface Asked {
  readonly caseId: string;
  readonly message: SlackMessage;
  readonly channel: Channel;
}

/** Ends with the one message that asks about the suspect. */
export async function verdict({ stage, terminal, checks, report }: Story, alerts: Alerts): Promise<Asked> {
  const { cordon, slack, scene } = stage;
  const [suspect, automation] = [scene.suspect.name, scene.automation.name];
  const all = [...alerts.automation, ...alerts.suspect];
  // An alert is handed over to its case before its verdict is recorded: from here on no more messages are due.
  const outcomes = await until('The verdicts on the alerts', () => cordon.verdicts(all));
  const ofAutomation = outcomes.slice(0, alerts.automation.length);
  const ofSuspect = outcomes.slice(alerts.automation.length);
  checks.that(
    ofAutomation.every((one) => one === 'suppress'),
    `${automation} is suppressed`,
  );
  for (const id of alerts.automation) {
    const reason = await cordon.reason(id);
    checks.that(
      reason.startsWith('Listed as infrastructure-as-code'),
      'The reason is its entry in the allowlist',
      reason,
    );
  }
  checks.that(
    ofSuspect.every((one) => one === 'contain'),
    `${suspect} is to be contained`,
  );
  checks.demand();

  const channel = joinChannel(slack, cordon.url);
  const message = await channel.dana.waitForMessage(canDecide);
  const [found, ...others] = await cordon.cases();
  if (!found) throw new DemoFailed('Cordon asked in Slack and has no case.');
  report.caseId = found.caseId;
  checks.that(others.length === 0, `One case for all alerts about ${suspect} (${alerts.suspect.length})`, found.caseId);
  checks.that((await channel.dana.messages()).length === 1, 'Slack was asked exactly once');
  checks.that(found.state === 'AWAITING_APPROVAL', 'The case waits for approval', found.state);
  checks.demand();
  show(terminal, message);
  return { caseId: found.caseId, message, channel };
}

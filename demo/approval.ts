import { renderAsText } from '../src/notify/index.ts';
import type { SlackMessage, SlackPerson } from '../test/support/processes/slack-person.ts';
import type { Slack } from '../test/support/processes/slack.ts';
import { DemoFailed, until } from './checks.ts';
import type { Terminal } from './terminal.ts';

export const APPROVE = 'cordon.approve';

/** #soc as one person sees it, with the request that is to be decided. */
export interface Channel {
  readonly dana: SlackPerson;
  readonly erin: SlackPerson;
  readonly mallory: SlackPerson;
  readonly slack: Slack;
}

export function joinChannel(slack: Slack, cordonUrl: string): Channel {
  const eventsUrl = `${cordonUrl}/slack/events`;
  const person = (name: 'dana' | 'erin' | 'mallory') => slack.person(name, eventsUrl);
  return { dana: person('dana'), erin: person('erin'), mallory: person('mallory'), slack };
}

/** The message as a person reads it, from what the channel holds. */
export function show(terminal: Terminal, message: SlackMessage): void {
  terminal.quote(renderAsText((message.blocks ?? []) as unknown as Parameters<typeof renderAsText>[0]));
}

export function canDecide({ blocks = [] }: SlackMessage): boolean {
  return JSON.stringify(blocks).includes(`"${APPROVE}"`);
}

/** Clicks Approve, and answers what Cordon told the person who clicked. The same path for everybody. */
export async function clickApprove({ slack }: Channel, person: SlackPerson, message: SlackMessage): Promise<string> {
  const before = slack.front.responses.length;
  const answer = await person.click(message, APPROVE);
  if (answer.status !== 200) throw new DemoFailed(`Cordon answered ${answer.status} to the click.`);
  const told = await until('The answer to the click', async () => slack.front.responses[before]);
  return String(told['text']);
}

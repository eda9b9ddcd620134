import type { CaseState } from '../src/domain/case.ts';
import type { SlackMessage } from '../test/support/processes/slack-person.ts';
import { clickApprove, type Channel } from './approval.ts';
import type { Checks } from './checks.ts';
import { NotApproved, until } from './checks.ts';
import type { CloudReport, Moment, Tried } from './report.ts';
import type { Stage } from './stage.ts';
import type { Terminal } from './terminal.ts';

/** What every step of the demo has at hand. */
export interface Story {
  readonly stage: Stage;
  readonly terminal: Terminal;
  readonly checks: Checks;
  readonly report: CloudReport;
  /** Asks the person at the terminal; under --yes it is always so. */
  readonly approve: (question: string) => Promise<boolean>;
}

/** By the same signed click as anybody's; under --yes nobody is asked first. Erin is called where one approver is not enough. */
export async function decide(
  { stage, terminal, checks, approve }: Story,
  channel: Channel,
  message: SlackMessage,
  caseId: string,
  question: string,
): Promise<void> {
  if (!(await approve(question))) throw new NotApproved();
  const waiting = (await stage.cordon.case(caseId)).state;
  for (const name of ['dana', 'erin'] as const) {
    const told = await clickApprove(channel, channel[name], message);
    terminal.note(`${name} clicked Approve in Slack and was told: ${told}`);
    const [, given, needed] = /(\d+) of (\d+) approvals/u.exec(told) ?? [];
    // Who asked for a rollback does not approve it: the next one is called.
    if (given === undefined && told.includes('asked for this plan')) continue;
    if (given === undefined || given === needed) return;
    const { state } = await stage.cordon.case(caseId);
    checks.that(state === waiting, `${given} approval of ${needed} decides nothing`, state);
  }
}

/** Shows each new state of the case until it is one of these. */
export async function endOf(
  { stage, terminal }: Story,
  caseId: string,
  states: readonly CaseState[],
): Promise<CaseState> {
  let shown: CaseState | undefined;
  return until('The end of the case', async () => {
    const { state } = await stage.cordon.case(caseId);
    if (state !== shown) terminal.note(`… ${state}  (${terminal.elapsed()})`);
    shown = state;
    return states.includes(state) ? state : undefined;
  });
}

/** Runs a command of `cordon` and shows it with what it prints. */
export async function showCommand({ stage, terminal }: Story, args: readonly string[]): Promise<void> {
  terminal.command(args);
  terminal.quote(await stage.cordon.run(args));
}

export function expectAllowed({ checks }: Story, all: readonly Tried[], moment: Moment, name: string): void {
  for (const tried of all) {
    const { allowed = false, errorCode = null } = tried[moment] ?? {};
    checks.that(allowed, `${name}: ${tried.who}`, `${tried.call}: ${allowed ? 'allowed' : errorCode}`);
  }
}

export function expectRefused({ checks }: Story, all: readonly Tried[], moment: Moment, name: string): void {
  for (const tried of all) {
    const { allowed = true, errorCode = null } = tried[moment] ?? {};
    checks.that(!allowed, `${name}: ${tried.who}`, `${tried.call}: ${allowed ? 'ALLOWED' : errorCode}`);
  }
}

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { canAsk } from '../src/cli/case/confirm.ts';
import { describeError } from '../src/cli/failures.ts';
import { Checks, NotApproved } from './checks.ts';
import { newReport, writeReport, type Report } from './report.ts';
import { buildStage, type Stage } from './stage.ts';
import { alert } from './steps/alert.ts';
import { attack } from './steps/attack.ts';
import { company } from './steps/company.ts';
import { contain } from './steps/contain.ts';
import { rollBack } from './steps/roll-back.ts';
import { verdict } from './steps/verdict.ts';
import type { Story } from './story.ts';
import { Terminal } from './terminal.ts';

const HELP = `Usage: npm run demo -- [--yes] [--report FILE] [--keep]

Contains a leaked AWS key from end to end on this machine: an attacker uses it, a detection finds that, Cordon asks in
Slack, contains, proves it by the attacker's own credentials, and puts everything back. No cloud, no Slack account.

  --yes          approve without asking; the click in Slack is made all the same
  --report FILE  write a report as JSON
  --keep         leave everything running at the end, with its addresses, until Ctrl-C
  --help         this text

Exit status: 0 everything held, 1 something did not (or you did not approve), 2 usage.
`;

const EXIT = { done: 0, failed: 1, usage: 2 } as const;
const options = {
  yes: { type: 'boolean', default: false },
  report: { type: 'string' },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Arguments = ReturnType<typeof readArguments>;

function readArguments() {
  return parseArgs({ options, allowPositionals: false }).values;
}

function usageProblem(given: Arguments | undefined): string | undefined {
  if (given === undefined) return HELP;
  if (!given.yes && !given.help && !canAsk()) {
    return 'This is not a terminal, so nobody can be asked to approve. With --yes the demo approves by itself.\n';
  }
  return undefined;
}

async function main(): Promise<number> {
  let given: Arguments | undefined;
  try {
    given = readArguments();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n`);
  }
  const problem = usageProblem(given);
  if (!given || problem !== undefined) {
    process.stderr.write(problem ?? HELP);
    return EXIT.usage;
  }
  if (given.help) {
    process.stdout.write(HELP);
    return EXIT.done;
  }
  try {
    // At once, so that nobody waits for a report that can't be written.
    if (given.report !== undefined) await writeFile(given.report, '');
  } catch (error) {
    process.stderr.write(`The report can't be written: ${describeError(error)}\n`);
    return EXIT.usage;
  }
  return demo(given);
}

async function demo(given: Arguments): Promise<number> {
  const startedMs = performance.now();
  const terminal = new Terminal();
  const checks = new Checks(terminal);
  const report = newReport(checks.made);
  await using running = new AsyncDisposableStack();
  const signalled = stopOnSignal(running);
  let stage: Stage | undefined;
  const step = async <Result>(title: string, work: () => Promise<Result>): Promise<Result> => {
    const number = report.steps.length + 1;
    terminal.heading(number, title);
    const stepMs = performance.now();
    try {
      return await work();
    } finally {
      report.steps.push({ number, title, seconds: secondsSince(stepMs) });
    }
  };
  try {
    stage = await step('Start Temporal, MiniStack (AWS), Slack and Cordon', async () => {
      const built = await buildStage(running, given.keep, (text) => terminal.note(text));
      terminal.keepSecret(...built.secrets);
      return built;
    });
    const approve = given.yes ? async () => true : (question: string) => terminal.ask(question);
    await tell({ stage, terminal, checks, report, approve }, step);
    report.ok = true;
  } catch (error) {
    // What was cut off by Ctrl-C fails, and says nothing of itself.
    if (signalled.aborted) await new Promise<never>(() => undefined);
    report.error = describeError(error);
    if (stage && !(error instanceof NotApproved)) showLog(terminal, stage.cordon.log());
  }
  report.seconds = secondsSince(startedMs);
  if (given.report !== undefined) await writeReport(given.report, report, (text) => terminal.checked(text));
  conclude(terminal, report);
  if (given.keep && stage) await keep(terminal, stage);
  return report.ok ? EXIT.done : EXIT.failed;
}

type StepRunner = <Result>(title: string, work: () => Promise<Result>) => Promise<Result>;

async function tell(story: Story, step: StepRunner): Promise<void> {
  await step('A small company in the account', () => company(story));
  const attacked = await step('An attacker uses a leaked key of alice; terraform-ci is as busy', () => attack(story));
  const alerts = await step('The T1580 detection runs over CloudTrail, and alerts are sent', () => alert(story));
  const asked = await step('Cordon decides, and asks in Slack', () => verdict(story, alerts));
  await step('Approved, contained, and proved', () => contain(story, attacked, alerts, asked));
  await step('Told, and put back', () => rollBack(story, attacked, asked));
}

function conclude(terminal: Terminal, { ok, error, checks, seconds }: Report): void {
  terminal.say();
  if (ok) terminal.say(`All ${checks.length} checks hold, in ${seconds} s.`, 'green');
  else terminal.say(`The demo ended before its end: ${error}`, 'red');
}

function showLog(terminal: Terminal, log: string): void {
  terminal.say(`\nCordon logged last:\n${log.trim().split('\n').slice(-10).join('\n')}`, 'dim');
}

async function keep(terminal: Terminal, { temporal, ministack, slack, cordon, directory }: Stage): Promise<void> {
  terminal.say('\nEverything is left running until Ctrl-C:', 'bold');
  terminal.note(`Cordon     ${cordon.url}`);
  terminal.note(`           CORDON_TOKEN=$(cat ${directory}/secrets/token-dana) npm run cordon -- \\`);
  terminal.note(`             --config ${cordon.configFile} case list`);
  terminal.note(`Temporal   ${temporal.address}`);
  if (temporal.uiUrl !== undefined && (await isPage(temporal.uiUrl))) terminal.note(`           ${temporal.uiUrl}`);
  terminal.note(`MiniStack  ${ministack.url}`);
  terminal.note(`Slack      ${slack.apiUrl}`);
  await new Promise<never>(() => setInterval(() => undefined, 3600_000));
}

/** A Temporal server that was built without its UI answers with something else, or not at all. */
async function isPage(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    return response.ok && (await response.text()).includes('<html');
  } catch {
    return false;
  }
}

/** Aborted by the first signal: what runs is stopped in order, then this process ends with the signal's status. */
function stopOnSignal(running: AsyncDisposableStack): AbortSignal {
  const stopping = new AbortController();
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const [signal, code] of Object.entries(codes)) {
    process.once(signal, () => {
      stopping.abort();
      process.stderr.write('\nStopping …\n');
      void running.disposeAsync().finally(() => process.exit(code));
    });
  }
  return stopping.signal;
}

function secondsSince(startMs: number): number {
  return Number(((performance.now() - startMs) / 1000).toFixed(1));
}

process.exitCode = await main();

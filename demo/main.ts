import { writeFile } from 'node:fs/promises';

import { describeError } from '../src/cli/failures.ts';
import type { Cloud } from '../src/domain/cloud.ts';
import { cloudsOf, HELP, readArguments, usageProblem, type Arguments } from './arguments.ts';
import { Checks, NotApproved } from './checks.ts';
import { TITLES } from './clouds.ts';
import { keep } from './keep.ts';
import { newReport, writeReport, type CloudReport, type Report } from './report.ts';
import { buildStage, type Stage } from './stage.ts';
import { alert } from './steps/alert.ts';
import { attack } from './steps/attack.ts';
import { company } from './steps/company.ts';
import { contain } from './steps/contain.ts';
import { rollBack } from './steps/roll-back.ts';
import { verdict } from './steps/verdict.ts';
import type { Story } from './story.ts';
import { Terminal } from './terminal.ts';

const EXIT = { done: 0, failed: 1, usage: 2 } as const;

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
  const stages: Stage[] = [];
  try {
    const clouds = cloudsOf(given);
    for (const cloud of clouds) {
      if (clouds.length > 1) terminal.title(TITLES[cloud]);
      const own = new AsyncDisposableStack();
      running.defer(() => own.disposeAsync());
      await contained(given, { cloud, own, terminal, checks, report, stages });
      if (!given.keep) await own.disposeAsync();
    }
    report.ok = true;
  } catch (error) {
    // What was cut off by Ctrl-C fails, and says nothing of itself.
    if (signalled.aborted) await new Promise<never>(() => undefined);
    report.error = describeError(error);
    const stage = stages.at(-1);
    if (stage && !(error instanceof NotApproved)) showLog(terminal, stage.cordon.log());
  }
  report.seconds = secondsSince(startedMs);
  if (given.report !== undefined) await writeReport(given.report, report, (text) => terminal.checked(text));
  conclude(terminal, report);
  if (given.keep && stages.length > 0) await keep(terminal, stages);
  return report.ok ? EXIT.done : EXIT.failed;
}

interface Run {
  readonly cloud: Cloud;
  /** What this cloud's part started. */
  readonly own: AsyncDisposableStack;
  readonly terminal: Terminal;
  readonly checks: Checks;
  readonly report: Report;
  readonly stages: Stage[];
}

/** The whole story on one cloud. */
async function contained(given: Arguments, { cloud, own, terminal, checks, report, stages }: Run): Promise<void> {
  const part: CloudReport = { cloud, steps: [], credentials: [], bystanders: [] };
  report.clouds.push(part);
  const step: StepRunner = async (title, work) => {
    const number = part.steps.length + 1;
    terminal.heading(number, title);
    const stepMs = performance.now();
    try {
      return await work();
    } finally {
      part.steps.push({ number, title, seconds: secondsSince(stepMs) });
    }
  };
  const stage = await step(`Start Temporal, Slack, Cordon and what stands in for ${TITLES[cloud]}`, async () => {
    const built = await buildStage(cloud, own, given.keep, (text) => terminal.note(text));
    terminal.keepSecret(...built.secrets);
    stages.push(built);
    return built;
  });
  const approve = given.yes ? async () => true : (question: string) => terminal.ask(question);
  await tell({ stage, terminal, checks, report: part, approve }, step);
}

type StepRunner = <Result>(title: string, work: () => Promise<Result>) => Promise<Result>;

async function tell(story: Story, step: StepRunner): Promise<void> {
  await step('A small company in the account', () => company(story));
  const { suspect, automation, log } = story.stage.scene;
  const busy = `An attacker uses what leaked of ${suspect.name}; ${automation.name} is as busy`;
  const attacked = await step(busy, () => attack(story));
  const alerts = await step(`The T1580 detection runs over ${log}, and alerts are sent`, () => alert(story));
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

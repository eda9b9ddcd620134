import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';

import { CALLS_A_HUMAN, END_STATES, WATCHED } from '../../domain/case.ts';
import type { CaseState, TimelineEntry } from '../../domain/case.ts';
import type { Context } from '../context.ts';
import { contextOf, print } from '../context.ts';
import { RefusedError, UsageError } from '../failures.ts';
import { inertJson, note, table, writeLine } from '../terminal.ts';
import type { CaseConnection } from './connection.ts';
import { casePath, connect, urlOption } from './connection.ts';
import { caseRecord, caseTimeline } from './responses.ts';

const POLL_EVERY_MS = 2_000;
const TELL_EVERY_MS = 30_000;

interface Options {
  readonly url?: string;
  readonly follow?: boolean;
  readonly minutes: string;
}

export function registerCaseTimeline(parent: Command): void {
  urlOption(parent.command('timeline'))
    .description('Show what happened in a case, step by step')
    .argument('<case>', 'id of the case')
    .option('--follow', 'go on until the case ends, or is contained and only watched; status 0 if that is good')
    .option('--minutes <number>', 'how long to follow at most', '240')
    .addHelpText('after', '\nExample:\n  cordon case timeline ca_0123456789abcdef0123456789abcdef --follow')
    .action(async (caseId: string, options: Options, command: Command) => {
      const minutes = Number(options.minutes);
      if (!(minutes > 0)) throw new UsageError('--minutes must be a number above 0.');
      const context = contextOf(command);
      const server = await connect(context, options.url);
      if (options.follow) return follow(context, server, caseId, minutes);
      const answer = await server.get(casePath(caseId, '/timeline'), caseTimeline);
      print(context, answer, () => lines(answer.timeline) || 'Nothing has happened yet.');
    });
}

/** In these the case has ended, and not in what was wanted. */
const BAD: readonly CaseState[] = [...CALLS_A_HUMAN, 'REJECTED', 'MONITORING_PARTIAL'];

/** Under `--json` one line an entry. Ends with the case or with its containment, as refused when that failed or the time is over. */
async function follow(context: Context, server: CaseConnection, caseId: string, minutes: number): Promise<void> {
  const until = performance.now() + minutes * 60_000;
  let shown = 0;
  let told = performance.now();
  for (;;) {
    const { state, timeline } = await server.get(casePath(caseId), caseRecord);
    const fresh = timeline.slice(shown);
    shown = timeline.length;
    if (fresh.length > 0) {
      writeLine(context.json ? fresh.map((entry) => inertJson(entry, 0)).join('\n') : lines(fresh));
      told = performance.now();
    }
    if (BAD.includes(state)) throw new RefusedError(`The case is ${state}. Read it with: cordon case show ${caseId}`);
    if (END_STATES.includes(state) || WATCHED.includes(state)) return;
    if (performance.now() >= until) throw new RefusedError(`The case is still ${state} after ${minutes} minutes.`);
    if (performance.now() - told >= TELL_EVERY_MS) {
      note(`The case is ${state} …`);
      told = performance.now();
    }
    await pause(POLL_EVERY_MS);
  }
}

function lines(entries: readonly TimelineEntry[]): string {
  return table(entries.map(({ at, state, step, detail }) => [at, state, step, detail]));
}

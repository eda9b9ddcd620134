import type { Command } from 'commander';
import { z } from 'zod';

import type { CaseConnection } from './case/connection.ts';
import { connect, urlOption } from './case/connection.ts';
import { contextOf, print } from './context.ts';
import { EXIT, RefusedError } from './failures.ts';
import { withProgress } from './progress.ts';
import { inert, table } from './terminal.ts';

const LOOK_EVERY_MS = 1_000;
/** A sweep ends by itself; one that has no worker must not hold a monitor for hours. */
const WITHIN_MS = 15 * 60_000;

const started = z.object({ status: z.enum(['started', 'already-running']) });
const report = z.object({
  sweptAt: z.string(),
  places: z.array(z.object({ cloud: z.string(), accountId: z.string(), marks: z.number() })),
  orphans: z.array(
    z.object({
      key: z.string(),
      kind: z.string(),
      name: z.string(),
      why: z.string(),
      remedy: z.string(),
      caseId: z.string().optional(),
    }),
  ),
  untold: z.array(z.string()),
});
type Report = z.infer<typeof report>;
const sweep = z.object({ status: z.enum(['none', 'running', 'failed', 'done']), report: report.optional() });

export function registerOrphans(program: Command): void {
  urlOption(program.command('orphans'))
    .description(
      'Look now for changes, credentials and cases that nobody looks after; removes nothing, and ends with status 1 when it found any (needs CORDON_TOKEN)',
    )
    .addHelpText('after', '\nExample:\n  cordon orphans --json')
    .action(async (options: { url?: string }, command: Command) => {
      const context = contextOf(command);
      const server = await connect(context, options.url);
      await server.post('v1/orphans/sweep', {}, started);
      const found = await withProgress('Looking', result(server));
      if (found.orphans.length > 0) process.exitCode = EXIT.refused;
      print(context, found, () => text(found));
    });
}

async function result(server: CaseConnection): Promise<Report> {
  for (const until = performance.now() + WITHIN_MS; performance.now() < until;) {
    const { status, report: found } = await server.get('v1/orphans', sweep);
    if (status === 'done' && found) return found;
    if (status !== 'running')
      throw new RefusedError(
        "The sweep failed, so nothing is known. See workflow orphan-sweep-asked in Temporal's UI, and `cordon doctor`.",
      );
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new RefusedError(
    'The sweep is still running. Is there a worker of the queues decide and evidence? Ask again later.',
  );
}

function text({ orphans, places, sweptAt }: Report): string {
  const looked = places.map(({ cloud, accountId, marks }) => `${cloud} ${accountId} (${marks} marks)`).join(', ');
  const where = `Looked at ${sweptAt} in the ledger, the cases, and ${looked || 'no cloud'}.`;
  if (orphans.length === 0) return inert(`Nothing is orphaned. ${where}`);
  const lines = table(
    orphans.map(({ kind, name }) => [kind, name]),
    ['KIND', 'WHAT'],
  ).split('\n');
  const [heading = '', ...rows] = lines;
  const told = orphans.flatMap(({ why, remedy }, index) => [
    rows[index] ?? '',
    `  ${inert(why)}`,
    `  → ${inert(remedy)}`,
  ]);
  return [heading, ...told, '', inert(`${orphans.length} found; nothing was removed. ${where}`)].join('\n');
}

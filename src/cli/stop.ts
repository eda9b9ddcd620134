import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { z } from 'zod';

import { connect, urlOption } from './case/connection.ts';
import type { Context } from './context.ts';
import { configOf, contextOf, print } from './context.ts';
import { RefusedError, UsageError } from './failures.ts';
import { inert, note } from './terminal.ts';

const switchStatus = z.object({
  stopped: z.boolean(),
  by: z.string().optional(),
  at: z.string().optional(),
  reason: z.string().optional(),
});
type SwitchStatus = z.infer<typeof switchStatus>;

interface Options {
  readonly reason: string;
  readonly direct?: boolean;
  readonly url?: string;
}

export function registerStop(program: Command): void {
  turning(
    program,
    'stop',
    'Stop all changes in every cloud at once, rollbacks too; what is under way may still finish',
  );
  turning(program, 'start', 'Let approved changes be made again after a stop; cases that it ended stay ended');
}

function turning(program: Command, name: 'stop' | 'start', description: string): void {
  urlOption(program.command(name))
    .description(`${description} (needs CORDON_TOKEN)`)
    .requiredOption('--reason <text>', 'stands in the ledger')
    .option('--direct', "without the server and without a token: on the configuration's store, with its key")
    .addHelpText(
      'after',
      `\nExample:\n  cordon ${name} --reason "${name === 'stop' ? 'wrong plans' : 'plans are right again'}"`,
    )
    .action(async (options: Options, command: Command) => {
      if (options.reason.trim() === '') throw new UsageError('--reason must say something: it stands in the ledger.');
      const context = contextOf(command);
      const stopped = name === 'stop';
      const status = await (options.direct ? onStore(context, stopped, options) : byServer(context, stopped, options));
      if (status.stopped !== stopped) throw new RefusedError('Someone else turned the switch back at the same time.');
      print(context, status, () => statusText(status));
    });
}

async function byServer(context: Context, stopped: boolean, { url, reason }: Options): Promise<SwitchStatus> {
  const server = await connect(context, url);
  try {
    return await server.put('v1/kill-switch', { stopped, reason }, switchStatus);
  } catch (error) {
    if (stopped)
      note('Cordon may still make changes. On the machine of its store: `cordon stop --direct --reason TEXT`.');
    throw error;
  }
}

async function onStore(context: Context, stopped: boolean, { reason }: Options): Promise<SwitchStatus> {
  const { config } = await configOf(context);
  // With the database drivers; the other commands start without them.
  const [{ openExistingStore }, { turnKillSwitch }] = await Promise.all([
    import('./store.ts'),
    import('../containment/kill-switch.ts'),
  ]);
  const store = await openExistingStore(config);
  try {
    return await turnKillSwitch(store, { stopped, by: systemUser(), channel: 'direct', reason });
  } finally {
    await store.close();
  }
}

/** Reads like no approver's id: nobody has authenticated this name. A user without a name must be able to stop as well. */
function systemUser(): string {
  try {
    return `OS user ${userInfo().username}`;
  } catch {
    return `OS user ${process.getuid?.() ?? 'unknown'}`;
  }
}

function statusText({ stopped, by, at, reason }: SwitchStatus): string {
  const who = inert(`by ${by ?? 'unknown'} at ${at ?? 'an unknown time'}: ${reason ?? 'no reason given'}`);
  return stopped ? `Stopped ${who}\nNothing is changed any more, until \`cordon start\`.` : `Started ${who}`;
}

import type { Command } from 'commander';

import { contextOf } from '../context.ts';
import { UsageError } from '../failures.ts';
import { note, writeLine } from '../terminal.ts';
import { canAsk, confirm } from './confirm.ts';
import { connect, urlOption } from './connection.ts';
import { planOf, sendDecision } from './decide.ts';
import { planText } from './plan-text.ts';

export function registerCaseApprove(parent: Command): void {
  urlOption(parent.command('approve'))
    .description('Approve the plan of a case, after showing it')
    .argument('<case>', 'id of the case')
    .option('--yes', 'do not ask')
    .option('--reason <text>', 'stands in the ledger')
    .addHelpText('after', '\nExample:\n  cordon case approve ca_0123456789abcdef0123456789abcdef')
    .action(async (caseId: string, options: { url?: string; yes?: boolean; reason?: string }, command: Command) => {
      const context = contextOf(command);
      if (!options.yes && !canAsk()) {
        throw new UsageError(
          'This is not a terminal, so nobody can be asked. With --yes the plan is approved as it is.',
        );
      }
      const server = await connect(context, options.url);
      const plan = await planOf(server, caseId);
      // Under --json standard output carries the answer only.
      (context.json ? note : writeLine)(`${planText(plan)}\n`);
      if (!options.yes) await confirm('Approve this plan?');
      await sendDecision(context, server, plan, 'approve', options.reason);
    });
}

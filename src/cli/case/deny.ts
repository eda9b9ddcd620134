import type { Command } from 'commander';

import { contextOf } from '../context.ts';
import { connect, urlOption } from './connection.ts';
import { planOf, sendDecision } from './decide.ts';

export function registerCaseDeny(parent: Command): void {
  urlOption(parent.command('deny'))
    .description('Deny the plan of a case')
    .argument('<case>', 'id of the case')
    .requiredOption('--reason <text>', 'stands in the ledger')
    .addHelpText('after', '\nExample:\n  cordon case deny ca_0123456789abcdef0123456789abcdef --reason "planned audit"')
    .action(async (caseId: string, options: { url?: string; reason: string }, command: Command) => {
      const context = contextOf(command);
      const server = await connect(context, options.url);
      await sendDecision(context, server, await planOf(server, caseId), 'deny', options.reason);
    });
}

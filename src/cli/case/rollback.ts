import type { Command } from 'commander';

import { contextOf, print } from '../context.ts';
import { inert } from '../terminal.ts';
import { casePath, connect, urlOption } from './connection.ts';
import { rollbackAnswer } from './responses.ts';

export function registerCaseRollback(parent: Command): void {
  urlOption(parent.command('rollback'))
    .description('Ask to undo the containment of a case; the rollback needs its own approval')
    .argument('<case>', 'id of the case')
    .requiredOption('--reason <text>', 'stands in the ledger')
    .addHelpText(
      'after',
      '\nExample:\n  cordon case rollback ca_0123456789abcdef0123456789abcdef --reason "key was rotated"',
    )
    .action(async (caseId: string, options: { url?: string; reason: string }, command: Command) => {
      const context = contextOf(command);
      const server = await connect(context, options.url);
      const answer = await server.post(casePath(caseId, '/rollback'), { reason: options.reason }, rollbackAnswer);
      print(context, { caseId, ...answer }, () =>
        [
          `The rollback of case ${inert(caseId)} ${answer.status === 'started' ? 'is being planned' : 'was asked for before and is under way'} (workflow ${inert(answer.workflowId)}).`,
          `It waits for approval: cordon case approve ${inert(caseId)}`,
        ].join('\n'),
      );
    });
}

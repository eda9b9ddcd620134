import type { Command } from 'commander';

import { urlOption } from './connection.ts';
import type { Asked } from './second-plan.ts';
import { askForSecondPlan } from './second-plan.ts';

export function registerCaseRollback(parent: Command): void {
  urlOption(parent.command('rollback'))
    .description('Ask to undo the containment of a case; the rollback needs its own approval')
    .argument('<case>', 'id of the case')
    .requiredOption('--reason <text>', 'stands in the ledger')
    .addHelpText(
      'after',
      '\nExample:\n  cordon case rollback ca_0123456789abcdef0123456789abcdef --reason "key was rotated"',
    )
    .action((caseId: string, options: Asked, command: Command) =>
      askForSecondPlan(command, caseId, options, { path: '/rollback', name: 'rollback' }),
    );
}

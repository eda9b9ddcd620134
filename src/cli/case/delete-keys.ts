import type { Command } from 'commander';

import { urlOption } from './connection.ts';
import type { Asked } from './second-plan.ts';
import { askForSecondPlan } from './second-plan.ts';

export function registerCaseDeleteKeys(parent: Command): void {
  urlOption(parent.command('delete-keys'))
    .description("Ask to delete the access keys that a case deactivated; needs its own approval, and can't be undone")
    .argument('<case>', 'id of the case')
    .requiredOption('--reason <text>', 'stands in the ledger')
    .addHelpText(
      'after',
      '\nNot before the days of aws.deleteKeysAfterDays are over, and only while the keys are inactive and unused.' +
        '\n\nExample:\n  cordon case delete-keys ca_0123456789abcdef0123456789abcdef --reason "the owner uses the new key"',
    )
    .action((caseId: string, options: Asked, command: Command) =>
      askForSecondPlan(command, caseId, options, { path: '/key-deletion', name: 'deletion of the keys' }),
    );
}

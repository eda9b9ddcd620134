import type { Command } from 'commander';

import { configOf, contextOf, print } from '../context.ts';
import { EXIT } from '../failures.ts';
import { withProgress } from '../progress.ts';
import { inert } from '../terminal.ts';

export function registerLedgerVerify(ledger: Command): void {
  ledger
    .command('verify')
    .description('Verify the chain of the ledger; exit status 1 and the first bad entry when it is broken')
    .addHelpText('after', '\nExample:\n  cordon ledger verify --json')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command);
      const { config } = await configOf(context);
      const { openExistingStore } = await import('../store.ts');
      const store = await withProgress('Opening the store', openExistingStore(config));
      try {
        const result = await withProgress('Verifying the ledger', store.ledger.verify());
        if (result.status === 'broken') process.exitCode = EXIT.refused;
        print(context, result, () =>
          result.status === 'intact'
            ? `The ledger is intact: ${result.entries} entries, head ${inert(result.head)}.`
            : `The ledger is BROKEN at entry ${result.sequence}: ${inert(result.reason)}`,
        );
      } finally {
        await store.close();
      }
    });
}

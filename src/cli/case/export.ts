import type { Command } from 'commander';

import { contextOf } from '../context.ts';
import { inertJson, writeLine } from '../terminal.ts';
import { casePath, connect, urlOption } from './connection.ts';
import { caseExport } from './responses.ts';

export function registerCaseExport(parent: Command): void {
  urlOption(parent.command('export'))
    .description('Print all that is known of a case, ledger included, as JSON')
    .argument('<case>', 'id of the case')
    .addHelpText('after', '\nExample:\n  cordon case export ca_0123456789abcdef0123456789abcdef > case.json')
    .action(async (caseId: string, options: { url?: string }, command: Command) => {
      const server = await connect(contextOf(command), options.url);
      writeLine(inertJson(await server.get(casePath(caseId, '/export'), caseExport)));
    });
}

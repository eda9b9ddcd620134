import type { Command } from 'commander';

import { contextOf, print } from '../context.ts';
import { table } from '../terminal.ts';
import { connect, urlOption } from './connection.ts';
import { caseList } from './responses.ts';

export function registerCaseList(parent: Command): void {
  urlOption(parent.command('list'))
    .description('List the cases, newest first')
    .option('--state <state>', 'only cases in this state, for example AWAITING_APPROVAL')
    .addHelpText('after', '\nExample:\n  cordon case list --state AWAITING_APPROVAL')
    .action(async (options: { url?: string; state?: string }, command: Command) => {
      const context = contextOf(command);
      const server = await connect(context, options.url);
      const query = options.state === undefined ? '' : `?state=${encodeURIComponent(options.state)}`;
      const answer = await server.get(`v1/cases${query}`, caseList);
      print(context, answer, () =>
        answer.cases.length === 0
          ? 'No cases.'
          : table(
              answer.cases.map((one) => [
                one.caseId,
                one.state,
                one.principalKey,
                String(one.alertIds.length),
                one.updatedAt,
              ]),
              ['CASE', 'STATE', 'PRINCIPAL', 'ALERTS', 'UPDATED'],
            ),
      );
    });
}

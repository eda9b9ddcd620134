import type { Command } from 'commander';
import { z } from 'zod';

import { connect, urlOption } from '../case/connection.ts';
import { contextOf, print } from '../context.ts';
import { table } from '../terminal.ts';

const alertList = z.object({
  alerts: z.array(
    z.looseObject({
      alert: z.looseObject({ alertId: z.string(), source: z.string(), title: z.string() }),
      receivedAt: z.string(),
      verdict: z.string().optional(),
      caseId: z.string().optional(),
    }),
  ),
});

export function registerAlertList(alert: Command): void {
  urlOption(alert.command('list'))
    .description('List the alerts, newest first, with what became of them (needs CORDON_TOKEN)')
    .option('--limit <number>', 'how many, 1 to 200', '50')
    .addHelpText(
      'after',
      '\nVerdict park: a person must look, there is no case.\n\nExample:\n  cordon alert list --limit 200',
    )
    .action(async (options: { url?: string; limit: string }, command: Command) => {
      const context = contextOf(command);
      const server = await connect(context, options.url);
      const answer = await server.get(`v1/alerts?limit=${encodeURIComponent(options.limit)}`, alertList);
      print(context, answer, () =>
        answer.alerts.length === 0
          ? 'No alerts.'
          : table(
              answer.alerts.map((one) => [
                one.alert.alertId,
                one.receivedAt,
                one.alert.source,
                one.verdict ?? 'none yet',
                one.caseId ?? '-',
                one.alert.title,
              ]),
              ['ALERT', 'RECEIVED', 'SOURCE', 'VERDICT', 'CASE', 'TITLE'],
            ),
      );
    });
}

import type { Command } from 'commander';
import { z } from 'zod';

import { connect, urlOption } from '../case/connection.ts';
import { contextOf, print } from '../context.ts';
import { inert, table } from '../terminal.ts';

const judgedAlert = z.looseObject({
  alert: z.looseObject({ alertId: z.string(), source: z.string(), title: z.string(), severity: z.string() }),
  receivedAt: z.string(),
  workflowId: z.string(),
  verdict: z.string().optional(),
  principalKey: z.string().optional(),
  caseId: z.string().optional(),
  reasons: z.array(z.object({ rule: z.string(), text: z.string() })),
});

export function registerAlertShow(alert: Command): void {
  urlOption(alert.command('show'))
    .description('Show an alert, its verdict and why (needs CORDON_TOKEN)')
    .argument('<alert>', 'id of the alert')
    .addHelpText('after', '\nExample:\n  cordon alert show al_0123456789abcdef0123456789abcdef')
    .action(async (alertId: string, options: { url?: string }, command: Command) => {
      const context = contextOf(command);
      const server = await connect(context, options.url);
      const found = await server.get(`v1/alerts/${encodeURIComponent(alertId)}`, judgedAlert);
      print(context, found, () => [alertText(found), '', ...found.reasons.map(reasonText)].join('\n').trimEnd());
    });
}

function alertText({ alert, ...stored }: z.infer<typeof judgedAlert>): string {
  return table([
    ['Alert', alert.alertId],
    ['Title', alert.title],
    ['Source', `${alert.source}, ${alert.severity}`],
    ['Received', stored.receivedAt],
    ['Workflow', stored.workflowId],
    ['Principal', stored.principalKey ?? 'not known'],
    ['Verdict', stored.verdict ?? 'none yet'],
    ['Case', stored.caseId ?? '-'],
  ]);
}

const reasonText = ({ rule, text }: { rule: string; text: string }) => `${inert(rule)}: ${inert(text)}`;

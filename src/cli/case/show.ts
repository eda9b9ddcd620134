import type { Command } from 'commander';
import type { z } from 'zod';

import type { CaseState } from '../../domain/case.ts';
import { HAND_OVER } from '../../domain/case.ts';
import { contextOf, print } from '../context.ts';
import { inert, table } from '../terminal.ts';
import { casePath, connect, urlOption } from './connection.ts';
import { planText } from './plan-text.ts';
import type { CaseSummary } from './responses.ts';
import { caseRecord, plan as planSchema } from './responses.ts';

export function registerCaseShow(parent: Command): void {
  urlOption(parent.command('show'))
    .description('Show a case and its whole plan')
    .argument('<case>', 'id of the case')
    .addHelpText('after', '\nExample:\n  cordon case show ca_0123456789abcdef0123456789abcdef')
    .action(async (caseId: string, options: { url?: string }, command: Command) => {
      const context = contextOf(command);
      const server = await connect(context, options.url);
      const record = await server.get(casePath(caseId), caseRecord);
      const plan = record.planDigest === undefined ? null : await server.get(casePath(caseId, '/plan'), planSchema);
      print(context, { case: record, plan }, () =>
        [caseText(record), ...handOver(record), '', plan === null ? 'There is no plan yet.' : planText(plan)].join(
          '\n',
        ),
      );
    });
}

/** A rollback takes back what was made. */
const TAKEN_BACK: readonly CaseState[] = ['ROLLING_BACK', 'ROLLED_BACK', 'ROLLBACK_PARTIAL'];

function handOver({ state, timeline }: z.infer<typeof caseRecord>): readonly string[] {
  if (TAKEN_BACK.includes(state)) return [];
  const lines = timeline.filter(({ step }) => step === HAND_OVER).map(({ detail }) => `  - ${inert(detail)}`);
  return lines.length === 0 ? [] : ['', 'To hand over:', ...lines];
}

function caseText(record: CaseSummary): string {
  return table([
    ['Case', record.caseId],
    ['State', record.state],
    ['Principal', record.principalKey],
    ['Workflow', record.workflowId],
    ['Opened', record.openedAt],
    ['Updated', record.updatedAt],
    ['Alerts', record.alertIds.map(inert).join(', ')],
  ]);
}

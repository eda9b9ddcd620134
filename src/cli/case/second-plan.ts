import type { Command } from 'commander';

import { contextOf, print } from '../context.ts';
import { inert } from '../terminal.ts';
import { casePath, connect } from './connection.ts';
import { secondPlanAnswer } from './responses.ts';

export interface Asked {
  readonly url?: string;
  readonly reason: string;
}

/** Asks for a plan of its own for a case that was contained; `name` as in "The rollback of case …". */
export async function askForSecondPlan(
  command: Command,
  caseId: string,
  { url, reason }: Asked,
  { path, name }: { readonly path: string; readonly name: string },
): Promise<void> {
  const context = contextOf(command);
  const server = await connect(context, url);
  const answer = await server.post(casePath(caseId, path), { reason }, secondPlanAnswer);
  const state = answer.status === 'started' ? 'is being planned' : 'was asked for before and is under way';
  print(context, { caseId, ...answer }, () =>
    [
      `The ${name} of case ${inert(caseId)} ${state} (workflow ${inert(answer.workflowId)}).`,
      `It waits for approval: cordon case approve ${inert(caseId)}`,
    ].join('\n'),
  );
}

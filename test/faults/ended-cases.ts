import { randomUUID } from 'node:crypto';

import { stateQuery } from '../../src/contracts/messages.ts';
import type { CaseState } from '../../src/domain/case.ts';
import { END_STATES } from '../../src/domain/case.ts';
import { temporalCaseClient } from '../../src/runtime/case-client.ts';
import type { HeldCase } from './held-cases.ts';
import { wrongsOf } from './invariants.ts';
import { type KillableCordon, until } from './killable-cordon.ts';

/** What an operator of Temporal can do to a case behind Cordon's back. */
export const ENDINGS = ['cancelled', 'terminated', 'reset to its beginning', 'reset by a step'] as const;
type Ending = (typeof ENDINGS)[number];

interface Looked {
  readonly end: string;
  readonly wrong: readonly string[];
}

const HONEST: readonly CaseState[] = ['CLOSED', 'RECORDED', 'PARTIAL', 'OUTCOME_UNKNOWN', 'FAILED'];

/** While the case is held. */
export async function endFromOutside({ client }: KillableCordon, { opened }: HeldCase, ending: Ending): Promise<void> {
  const handle = client.workflow.getHandle(opened.workflowId);
  if (ending === 'cancelled') return void (await handle.cancel());
  if (ending === 'terminated') return void (await handle.terminate('by a test'));
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const steps = events?.filter((event) => event.workflowTaskCompletedEventAttributes);
  const step = ending === 'reset by a step' ? steps?.at(-1) : steps?.at(0);
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: opened.workflowId, runId },
    reason: 'by a test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: step?.eventId ?? null,
  });
}

/** When its calls get through again: what became of it, and what is wrong with that. */
export function look(cordon: KillableCordon, held: HeldCase, ending: Ending): Promise<Looked> {
  if (ending === 'cancelled') return lookCancelled(cordon, held);
  return ending === 'terminated' ? lookTerminated(cordon, held) : lookReset(cordon, held);
}

async function lookCancelled(cordon: KillableCordon, held: HeldCase): Promise<Looked> {
  const { point, person, opened } = held;
  const said = await opened.end().then(
    (end) => [`it ends as ${end}, not as cancelled`],
    () => [],
  );
  const { state, timeline } = await recordOf(cordon, opened.caseId);
  const intents = (await cordon.store.ledger.ofCase(opened.caseId)).filter(({ type }) => type === 'intent');
  const wrong = [
    ...said,
    ...(restsIn(point.state).includes(state) ? [] : [`it rests in ${state}`]),
    ...(state === 'FAILED' && intents.length > 0 ? ['it says that nothing was changed'] : []),
    ...(timeline.at(-1)?.step === 'Cancelled' ? [] : ['the timeline does not say why']),
    ...((await wasTold(cordon, held)) ? [] : ['nobody was called']),
    ...(await wrongsOf(cordon, { person, caseId: opened.caseId })),
  ];
  return { end: state, wrong };
}

/** By where it was cancelled. What was never begun changed nothing; what was proved is not looked at any more. */
function restsIn(state: HeldCase['point']['state']): readonly CaseState[] {
  if (state === 'CONTAINING') return ['PARTIAL', 'OUTCOME_UNKNOWN'];
  return state === 'VERIFYING' || state === 'MONITORING' ? ['OUTCOME_UNKNOWN'] : ['FAILED'];
}

async function wasTold({ client }: KillableCordon, { opened }: HeldCase): Promise<boolean> {
  const { events } = await client.workflow.getHandle(opened.workflowId).fetchHistory();
  const cancelled = events?.findIndex((event) => event.workflowExecutionCancelRequestedEventAttributes) ?? -1;
  const since = (events ?? []).slice(cancelled);
  return since.some((event) => event.activityTaskScheduledEventAttributes?.activityType?.name?.startsWith('notify'));
}

/** The ledger must do for a rollback, and the next alert must open another case. */
async function lookTerminated(cordon: KillableCordon, held: HeldCase): Promise<Looked> {
  const { point, person, opened } = held;
  const rolledBack = await rollBack(cordon, held);
  const second = await cordon.openCase(person, 'again');
  const end = await endOf(cordon, second);
  const first = await recordOf(cordon, opened.caseId);
  const wrong = [
    ...rolledBack,
    ...(END_STATES.includes(first.state) ? [] : [`the first case is still ${first.state}`]),
    ...(HONEST.includes(end) ? [] : [`the second case ends as ${end}`]),
    ...(await wrongsOf(cordon, { person, caseId: opened.caseId, others: [second.caseId], unfinished: true })),
    ...(await wrongsOf(cordon, { person, caseId: second.caseId, others: [opened.caseId], unfinished: true })),
  ];
  return { end: `from ${point.state} to ${first.state}, the second case ${end}`, wrong };
}

/** What is known is undone; and where the outcome of a change is not, the record comes to rest all the same. */
async function rollBack(cordon: KillableCordon, { point, opened }: HeldCase): Promise<readonly string[]> {
  if (point.state === 'VERIFYING' || point.state === 'MONITORING') {
    const end = await opened.rollBack();
    return end === 'ROLLED_BACK' ? [] : [`its rollback ends as ${end}`];
  }
  const asked = { caseId: opened.caseId, requestedBy: 'erin', reason: 'drill' };
  const { workflowId } = await temporalCaseClient(cordon.client).startRollback(asked);
  const rollback = cordon.client.workflow.getHandle(workflowId);
  await until(async () => END_STATES.includes((await recordOf(cordon, opened.caseId)).state));
  await rollback.cancel().catch(() => undefined);
  await rollback.result().catch(() => undefined);
  return [];
}

async function lookReset(cordon: KillableCordon, { person, opened }: HeldCase): Promise<Looked> {
  const end = await endOf(cordon, opened);
  const { state } = await recordOf(cordon, opened.caseId);
  const wrong = [
    ...(state === end ? [] : [`the record says ${state}`]),
    ...(HONEST.includes(end) ? [] : ['it ends in another state']),
    ...(await wrongsOf(cordon, { person, caseId: opened.caseId, unfinished: true })),
  ];
  return { end, wrong };
}

/** Approved as often as it asks. */
async function endOf({ client }: KillableCordon, opened: HeldCase['opened']): Promise<CaseState> {
  const handle = client.workflow.getHandle(opened.workflowId);
  await until(async () => {
    if ((await handle.describe()).status.name !== 'RUNNING') return true;
    if ((await handle.query(stateQuery)).state !== 'AWAITING_APPROVAL') return false;
    await opened.asked();
    // It may have been approved meanwhile: a reset run gets the decisions of the one before it again.
    await opened.approve().catch(() => undefined);
    return false;
  });
  return opened.end();
}

async function recordOf({ store }: KillableCordon, caseId: string) {
  const { state = 'RECEIVED', timeline = [] } = (await store.cases.get(caseId)) ?? {};
  return { state, timeline } as const;
}

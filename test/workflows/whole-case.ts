import { WorkflowNotFoundError } from '@temporalio/client';
import { expect } from 'vitest';

import type { CaseState } from '../../src/domain/case.ts';
import { WATCHED } from '../../src/domain/case.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { type KillableWorkers, type OpenCase, until } from '../faults/killable-cordon.ts';

/** Someone whose credentials are known, so that they can be tried. */
export interface KnownSuspect {
  readonly principal: Principal;
  /** Names of the credentials and rights that still pass; none once it is contained. */
  passes(): Promise<readonly string[]>;
  /** All that containment could change, but for what the row says that no rollback brings back. */
  state(): unknown;
}

/** One kind of case from its alert to its rollback, carried out by the workflow. */
export interface WholeCase {
  readonly name: string;
  readonly actions: readonly string[];
  suspect(): Promise<KnownSuspect>;
  /** In which state the case rests under watch. */
  readonly end: 'MONITORING' | 'MONITORING_PARTIAL';
  /** Of the plan, those that change something: nothing that the row is about is left out. */
  readonly does: readonly string[];
  /** Undoes a change of Cordon's, as somebody with rights would, while the case is watched. */
  undo?(suspect: KnownSuspect): Promise<unknown>;
  /** Temporal's retention is over before the rollback is asked for. */
  readonly forgotten?: true;
}

const WATCH = { hours: 0.5, everyMinutes: 1 / 30 };

export async function expectWholeCase(workers: KillableWorkers, row: WholeCase): Promise<void> {
  const worker = await workers.startWorker(row.actions, WATCH);
  try {
    const suspect = await row.suspect();
    expect(await suspect.passes(), 'what will be refused passes before').not.toEqual([]);
    const before = await suspect.state();
    const opened = await workers.openCase(suspect);
    await opened.asked();
    expect(await suspect.state(), 'asking changes nothing').toEqual(before);
    await opened.approve();
    await expectContained(workers, opened, suspect, row);
    if (row.undo) {
      await row.undo(suspect);
      await reaches(workers, opened, 'AWAITING_APPROVAL');
      await opened.asked();
      await opened.approve();
      await expectContained(workers, opened, suspect, row);
    }
    if (row.forgotten) await forget(workers, opened);
    expect(await opened.rollBack()).toBe('ROLLED_BACK');
    expect(await suspect.state(), 'to the letter').toEqual(before);
  } finally {
    await worker.stop();
  }
}

async function expectContained(
  workers: KillableWorkers,
  opened: OpenCase,
  suspect: KnownSuspect,
  { end, does }: WholeCase,
): Promise<void> {
  const record = await reaches(workers, opened, ...WATCHED, 'PARTIAL', 'OUTCOME_UNKNOWN', 'FAILED', 'RECORDED');
  const said = record.timeline.map(({ state, step, detail }) => `${state} ${step}: ${detail}`).join('\n');
  expect(record.state, said).toBe(end);
  if (end === 'MONITORING_PARTIAL') expect(said).not.toMatch(/^(?:CONTAINED|MONITORING) /mu);
  const outcomes = (await workers.store.ledger.ofCase(opened.caseId)).filter(({ type }) => type === 'outcome');
  const applied = outcomes.filter(({ body }) => body['status'] === 'applied').map(({ body }) => body['action']);
  expect(applied.slice(0, does.length)).toEqual(does);
  expect(await suspect.passes()).toEqual([]);
}

async function reaches({ store }: KillableWorkers, { caseId }: OpenCase, ...states: readonly CaseState[]) {
  await until(async () => states.includes((await store.cases.get(caseId))?.state ?? 'RECEIVED'));
  const record = await store.cases.get(caseId);
  if (!record) throw new Error('A case that was read is there.');
  return record;
}

/** As after Temporal's retention: nothing but Cordon's own store and ledger knows of the case. */
async function forget({ client }: KillableWorkers, { workflowId }: OpenCase): Promise<void> {
  const namespace = 'default';
  await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
  await until(async () => {
    const found = client.workflow.getHandle(workflowId).describe();
    return found.then(
      () => false,
      (error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return true;
        throw error;
      },
    );
  });
}

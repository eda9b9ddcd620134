import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CONTAIN_PRINCIPAL } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { SignedDecision } from '../../src/domain/approval.ts';
import { temporalCaseClient } from '../../src/runtime/case-client.ts';
import { caseStarter } from '../../worker/temporal.ts';
import { startTemporal } from '../support/processes/temporal.ts';

let client: Client;
let stop: () => Promise<void>;

beforeAll(async () => {
  // The cut-off update is wanted here; the worker would warn of it.
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const server = await startTemporal();
  const connection = await Connection.connect({ address: server.address });
  const native = await NativeConnection.connect({ address: server.address });
  const worker = await Worker.create({
    connection: native,
    taskQueue: QUEUES.decide,
    workflowsPath: fileURLToPath(new URL('workflows/deciding.ts', import.meta.url)),
    activities: {
      check: () => Promise.reject(ApplicationFailure.nonRetryable('The signature does not hold.', 'ApprovalInvalid')),
    },
  });
  const running = worker.run();
  client = new Client({ connection });
  stop = async () => {
    worker.shutdown();
    await running;
    await native.close();
    await connection.close();
    await server.stop();
  };
});
afterAll(() => stop());

const decision = (nonce: string, planDigest = 'right', reason = ''): SignedDecision => ({
  decision: {
    caseId: 'ca_1',
    planDigest,
    decision: 'approve',
    actor: 'dana',
    channel: 'cli',
    decidedAt: '2026-02-01T00:00:00Z',
    nonce,
    reason,
  },
  keyId: 'k',
  signature: 's',
});

it('fifty starts at once, and one after the end, make one run for ever', async () => {
  const cases = temporalCaseClient(client);
  const starts = await Promise.all(Array.from({ length: 50 }, () => cases.startAlert('al_1', 'alert-al_1')));
  expect(new Set(starts)).toEqual(new Set(['started']));
  const { runId } = await client.workflow.getHandle('alert-al_1').describe();
  await client.workflow.getHandle('alert-al_1').terminate('the test ends it');
  expect(await cases.startAlert('al_1', 'alert-al_1')).toBe('ran-before');
  expect((await client.workflow.getHandle('alert-al_1').describe()).runId).toBe(runId);
});

it('one rollback or deletion of keys runs at a time, and either may be asked for again afterwards', async () => {
  const cases = temporalCaseClient(client);
  const input = { caseId: 'ca_1', requestedBy: 'dana', reason: 'false alarm' };
  expect(await cases.startRollback(input)).toEqual({ workflowId: 'rollback-ca_1', status: 'started' });
  expect(await cases.startRollback(input)).toEqual({ workflowId: 'rollback-ca_1', status: 'already-running' });
  expect(await cases.startKeyDeletion(input)).toMatchObject({ status: 'other-running' });
  await client.workflow.getHandle('rollback-ca_1').terminate('the test ends it');
  expect(await cases.startKeyDeletion(input)).toMatchObject({ status: 'started' });
  expect(await cases.startKeyDeletion(input)).toMatchObject({ status: 'already-running' });
  expect(await cases.startRollback(input)).toMatchObject({ status: 'other-running' });
  await client.workflow.getHandle('rollback-ca_1').terminate('the test ends it');
  expect(await cases.startRollback(input)).toMatchObject({ status: 'started' });
});

describe('a decision', () => {
  const open = (workflowId: string) =>
    client.workflow.start(CONTAIN_PRINCIPAL, { workflowId, taskQueue: QUEUES.decide, args: [{ caseId: 'ca_1' }] });

  it('is accepted once, refused by the validator or by the check, each with its reason', async () => {
    const cases = temporalCaseClient(client);
    await open('case-1');
    const accepted = { status: 'accepted', state: 'APPROVED', approvals: 1, required: 1 };
    expect(await cases.decide('case-1', decision('n1'))).toEqual(accepted);
    expect(await cases.decide('case-1', decision('n1'))).toEqual(accepted);
    expect(await cases.decide('case-1', decision('n2', 'wrong'))).toMatchObject({
      status: 'refused',
      reason: 'It is another plan.',
    });
    expect(await cases.decide('case-1', decision('n3', 'right', 'bad signature'))).toMatchObject({
      status: 'refused',
      reason: 'The signature does not hold.',
    });
    expect(await cases.status('case-1')).toMatchObject({ approvals: 1 });
  });

  it('for a case that is not there or has ended is refused; one that the end cut off is neither', async () => {
    const cases = temporalCaseClient(client);
    expect(await cases.decide('case-none', decision('n1'))).toMatchObject({ status: 'refused', kind: 'conflict' });
    expect(await cases.status('case-none')).toBeNull();
    await open('case-2');
    await expect(cases.decide('case-2', decision('n1', 'right', 'end in between'))).rejects.toMatchObject({
      type: 'OutcomeUnknown',
    });
    expect(await cases.decide('case-2', decision('n2'))).toMatchObject({ status: 'refused' });
  });
});

it('a case that ends before it has answered its rollback counts as ended, however often it is told', async () => {
  const cases = caseStarter(client);
  const news = { caseId: 'ca_1', id: 'n1', lines: [], approved: true };
  await client.workflow.start(CONTAIN_PRINCIPAL, {
    workflowId: 'case-told',
    taskQueue: QUEUES.decide,
    args: [{ caseId: 'ca_1' }],
  });
  for (const _ of [1, 2]) expect(await cases.tell('case-told', news)).toBeNull();
  expect(await cases.tell('case-nobody', news)).toBeNull();
});

it('with Temporal away every call says so in bounded time', async () => {
  const away = temporalCaseClient(new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) }));
  expect(await away.reachable()).toBe(false);
  await expect(away.startAlert('al_2', 'alert-al_2')).rejects.toMatchObject({ type: 'Unavailable' });
  await expect(away.status('case-1')).rejects.toMatchObject({ type: 'Unavailable' });
});

import { afterAll, beforeAll, expect, test } from 'vitest';

import { alertJoined, rollbackNews } from '../../src/contracts/messages.ts';
import { type KillableCordon, startKillableCordon, until } from '../faults/killable-cordon.ts';

const ACTIONS = ['deny-principal', 'deactivate-access-keys'];
const WATCH = { hours: 0.5, everyMinutes: 1 / 30 };
let cordon: KillableCordon;
beforeAll(async () => void (cordon = await startKillableCordon()));
afterAll(() => cordon?.stop());

test('an alert that comes in the same moment as an approved rollback is answered first, and the watch goes on', async () => {
  const { stage, store, client } = cordon;
  const { arn, id } = await stage.createUser('pia');
  const { accountId } = stage.ministack;
  const principal = { cloud: 'aws', kind: 'iam-user', accountId, name: 'pia', arn, uniqueId: id } as const;
  await cordon.startWorker(ACTIONS, WATCH);
  const opened = await cordon.openCase({ principal });
  await opened.asked();
  await opened.approve();
  const states = async () => ((await store.cases.get(opened.caseId))?.timeline ?? []).map(({ state }) => state);
  await until(async () => (await states()).at(-1) === 'MONITORING');

  // Both wait for a worker, and reach the case in one task.
  await cordon.killWorker();
  const handle = client.workflow.getHandle(opened.workflowId);
  const alert = { alertId: 'al_late', title: 'It calls again', techniques: [], opens: 'ca_late' };
  const verdict = { outcome: 'contain', risk: 90, reasons: [], evidence: [] } as const;
  await handle.signal(alertJoined, { ...alert, verdict });
  const news = { caseId: opened.caseId, id: 'news', lines: [], approved: true };
  const heard = handle.executeUpdate(rollbackNews, { args: [news], updateId: news.id });
  await cordon.startWorker(ACTIONS, WATCH);
  expect((await heard)?.state, 'the rollback is not to begin').not.toBe('CLOSED');
  await until(async () => (await states()).includes('REOPENED'));
  await until(async () => (await states()).at(-1) === 'MONITORING');
  const checks = async () =>
    (await store.ledger.ofCase(opened.caseId)).filter(({ type }) => type === 'verification').length;
  const before = await checks();
  await until(async () => (await checks()) > before + 1);
  expect(await states(), 'the rollback that was refused does not end a later watch').not.toContain('CLOSED');
  expect((await store.cases.get(opened.caseId))?.alertIds).toContain('al_late');
  await handle.terminate('The test is over');
});

import { afterAll, beforeAll, expect, it } from 'vitest';

import { Adversary } from '../workflows/adversary.ts';
import type { KillableCordon } from './killable-cordon.ts';
import { startKillableCordon, until } from './killable-cordon.ts';
import { newPerson } from './suspect.ts';

const ACTIONS = ['deny-principal', 'deactivate-access-keys'];
const WATCH = { hours: 0.5, everyMinutes: 2 / 60 };
let cordon: KillableCordon;
beforeAll(async () => void (cordon = await startKillableCordon()));
afterAll(() => cordon?.stop());

it('a worker that is killed in the watch leaves no gap: what was undone meanwhile reopens the case', async () => {
  const { stage, store } = cordon;
  await cordon.startWorker(ACTIONS, WATCH);
  const person = await newPerson(stage, 1, false);
  const opened = await cordon.openCase(person);
  const stateIs = (state: string) => until(async () => (await store.cases.get(opened.caseId))?.state === state);
  await opened.asked();
  await opened.approve();
  await stateIs('MONITORING');
  await cordon.killWorker();
  expect(await new Adversary(stage, person.principal.name).removesDeny()).toBe(true);

  await cordon.startWorker(ACTIONS, WATCH);
  await stateIs('AWAITING_APPROVAL');
  const { timeline = [] } = (await store.cases.get(opened.caseId)) ?? {};
  expect(timeline.filter(({ state }) => state === 'REOPENED').map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/CordonDeny-\S+ .*is gone/u),
  ]);
  const entries = await store.ledger.ofCase(opened.caseId);
  expect(
    entries.filter(({ type }) => type === 'intent'),
    'nothing is changed without a new approval',
  ).toHaveLength(2);
  expect(entries.filter(({ type }) => type === 'plan')).toHaveLength(2);
  expect((await store.ledger.verify()).status).toBe('intact');
});

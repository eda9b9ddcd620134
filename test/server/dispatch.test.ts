import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Store } from '../../src/store/port.ts';
import { CasesDouble, openSqlite, serve, until } from './serving.ts';

const alert = (id: number) => ({
  id: String(id),
  title: 'Key used from a new country',
  rule: 'new-country',
  severity: 'high',
  cloud: 'aws',
  firstSeen: '2026-01-31T23:50:00Z',
});

let directory: string;
let store: Store;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cordon-dispatch-'));
  store = await openSqlite(directory);
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});
const waiting = async () => (await store.alerts.waiting(1_000)).length;

it('with Temporal away alerts are still accepted; every workflow starts once it is back', async () => {
  const cases = new CasesDouble();
  cases.away = true;
  const server = await serve({ store, cases });
  for (let id = 0; id < 60; id++) expect((await server.send(alert(id))).status).toBe(202);
  const ready = await fetch(`${server.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    { status: 'degraded', store: 'ok', temporal: 'away', killSwitch: 'off' },
  ]);
  expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/^cordon_alerts_waiting 60$/mu);
  await until(() => server.log.some((line) => line.includes('could not be started')));
  expect(cases.started.size).toBe(0);
  expect(await waiting()).toBe(60);

  cases.away = false;
  await until(async () => (await waiting()) === 0);
  expect([...cases.started.values()]).toEqual(Array.from({ length: 60 }, () => 1));
  await server.stopServer();
});

it('what a stopped server left waiting, the next one starts, tried again and again without another alert', async () => {
  const away = new CasesDouble();
  away.away = true;
  const first = await serve({ store, cases: away });
  for (let id = 0; id < 3; id++) await first.send(alert(id));
  await first.stopServer();
  expect(await waiting()).toBe(3);

  const cases = new CasesDouble();
  cases.away = true;
  const second = await serve({ store, cases });
  await until(() => second.log.filter((line) => line.includes('could not be started')).length === 2);
  cases.away = false;
  await until(async () => (await waiting()) === 0);
  expect(cases.started.size).toBe(3);
  await second.stopServer();
});

it('one alert that can not be started holds up no other, and is tried again', async () => {
  const cases = new CasesDouble();
  const start = cases.startAlert.bind(cases);
  let refusals = 0;
  cases.startAlert = async (alertId, workflowId) => {
    const [oldest] = await store.alerts.list(1_000).then((all) => all.toReversed());
    if (oldest?.alert.alertId === alertId && ++refusals < 3) throw new Error('a defect');
    return start(alertId, workflowId);
  };
  const server = await serve({ store, cases });
  for (let id = 0; id < 5; id++) await server.send(alert(id));
  await until(async () => (await waiting()) === 0);
  expect(refusals).toBe(3);
  expect(cases.started.size).toBe(5);
  await server.stopServer();
});

it('stopping waits for the starts under way and begins no other', async () => {
  const cases = new CasesDouble();
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const asked: string[] = [];
  cases.startAlert = async (_alertId, workflowId) => {
    asked.push(workflowId);
    await held;
    return 'started';
  };
  const server = await serve({ store, cases });
  await server.send(alert(1));
  await until(() => asked.length === 1);
  let stopped = false;
  const stopping = server.stopServer().then(() => (stopped = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(stopped).toBe(false);
  release();
  await stopping;
  expect(await waiting()).toBe(0);
});

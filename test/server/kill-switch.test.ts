import { afterEach, beforeEach, expect, it } from 'vitest';

import type { LedgerEntry } from '../../src/domain/ledger.ts';
import { problemOf, SECRETS, serve, type Serving } from './serving.ts';

let server: Serving;
beforeEach(async () => void (server = await serve()));
afterEach(() => server.close());

const turn = (body: unknown, approver: 'dana' | 'sam' = 'dana') =>
  fetch(`${server.url}/v1/kill-switch`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRETS.approvers[approver]}` },
    body: JSON.stringify(body),
  });
const entries = () => server.store.ledger.ofCase('all');
const bodies = (all: readonly LedgerEntry[]) => all.map(({ type, body }) => ({ type, ...body }));

it('is turned in the name of the owner of the token, every time recorded, and shown to people and monitoring', async () => {
  const ready = async () => (await fetch(`${server.url}/readyz`)).json();
  const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
  expect(await ready()).toMatchObject({ killSwitch: 'off' });
  expect(await metrics()).toContain('cordon_kill_switch_stopped 0');

  const stopped = await turn({ stopped: true, reason: 'wrong\u202e plans\n' });
  expect(stopped.status).toBe(200);
  const status = { stopped: true, by: 'dana', at: expect.any(String) as string, reason: 'wrong plans' };
  expect(await stopped.json()).toEqual(status);
  expect(await server.store.killSwitch.status()).toEqual(status);
  expect(await (await server.as('sam', '/v1/kill-switch')).json()).toEqual(status);
  expect(await metrics()).toContain('cordon_kill_switch_stopped 1');
  // Who and why are nothing for a route that asks for no token.
  expect(await ready()).toEqual({ status: 'ready', store: 'ok', temporal: 'ok', killSwitch: 'stopped' });

  await turn({ stopped: true, reason: 'wrong plans' }, 'sam');
  await turn({ stopped: false, reason: 'over' });
  expect(await server.store.killSwitch.status()).toMatchObject({ stopped: false, by: 'dana' });
  expect(bodies(await entries())).toEqual([
    { type: 'switch', stopped: true, by: 'dana', channel: 'server', reason: 'wrong plans' },
    { type: 'switch', stopped: true, by: 'sam', channel: 'server', reason: 'wrong plans' },
    { type: 'switch', stopped: false, by: 'dana', channel: 'server', reason: 'over' },
  ]);
});

it('stops while Temporal is away', async () => {
  server.cases.away = true;
  expect((await turn({ stopped: true, reason: 'now' })).status).toBe(200);
  expect(await server.store.killSwitch.status()).toMatchObject({ stopped: true });
});

it.each([
  [{}, '/stopped'],
  [{ stopped: true }, '/reason'],
  [{ stopped: true, reason: ' ' }, '/reason'],
  [{ stopped: 'false', reason: 'x' }, '/stopped'],
  [{ stopped: false, reason: 'x', by: 'sam' }, ''],
])('%j changes nothing', async (body, pointer) => {
  expect(await problemOf(await turn(body))).toMatchObject({
    status: 400,
    document: { errors: expect.arrayContaining([expect.objectContaining({ pointer })]) as unknown },
  });
  expect(await server.store.killSwitch.status()).toEqual({ stopped: false });
  expect(await entries()).toEqual([]);
});

it('stops even where the ledger can not be written, and never starts again unrecorded', async () => {
  const { ledger } = server.store;
  const append = ledger.append.bind(ledger);
  ledger.append = () => Promise.reject(new Error('The disk is full.'));
  expect(await problemOf(await turn({ stopped: true, reason: 'now' }))).toMatchObject({ status: 500 });
  expect(await server.store.killSwitch.status()).toMatchObject({ stopped: true });
  expect(await problemOf(await turn({ stopped: false, reason: 'over' }))).toMatchObject({ status: 500 });
  expect(await server.store.killSwitch.status()).toMatchObject({ stopped: true });
  ledger.append = append;
  expect((await turn({ stopped: false, reason: 'over' })).status).toBe(200);
  expect(bodies(await entries())).toMatchObject([{ stopped: false }]);
});

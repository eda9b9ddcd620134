import { readFileSync } from 'node:fs';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { CaseState } from '../../src/domain/case.ts';
import { SECRETS, serve, storeCase, type Serving } from './serving.ts';

const FINDING = JSON.parse(
  readFileSync(new URL('../../src/sources/guardduty/fixtures/event-iam-user.json', import.meta.url), 'utf8'),
);
/** What `storeCase` says of its case. */
const ENDED_AT = '2026-02-01T00:00:00.000Z';

let server: Serving;
beforeEach(async () => void (server = await serve()));
afterEach(() => server.close());

interface Answer {
  readonly alertId: string;
  readonly status: string;
}

/** As GuardDuty sends a finding whose count rose: the same id, and newer activity. */
async function update(eventLastSeen = new Date().toISOString()): Promise<Answer> {
  const { service } = FINDING.detail;
  const body = { ...FINDING, detail: { ...FINDING.detail, service: { ...service, eventLastSeen } } };
  const headers = { authorization: `Bearer ${SECRETS.sources.guardduty}` };
  return (await (await server.post('/v1/alerts/guardduty', JSON.stringify(body), headers)).json()) as Answer;
}

async function inCase(alertId: string, state: CaseState): Promise<void> {
  const { caseId } = await storeCase(server.store, state);
  await server.store.alerts.recordVerdict(alertId, { outcome: 'contain', caseId });
}

it('a finding that goes on is a duplicate while its alert is not settled', async () => {
  const { alertId } = await update();
  expect(await update()).toMatchObject({ status: 'duplicate', alertId });
  await server.store.alerts.recordVerdict(alertId, { outcome: 'contain' });
  expect(await update(), 'on its way into a case').toMatchObject({ status: 'duplicate', alertId });
  await inCase(alertId, 'MONITORING');
  expect(await update(), 'the case takes it up').toMatchObject({ status: 'duplicate', alertId });
});

it.each(['suppress', 'record', 'park'] as const)(
  'one whose alert came to the verdict %s is an alert again, once for what is newer',
  async (outcome) => {
    const seen = new Set<string>();
    for (const time of [1, 2, 3]) {
      const newer = await update();
      expect(newer.status, `time ${time}`).toBe('accepted');
      seen.add(newer.alertId);
      expect(seen.size).toBe(time);
      expect((await update()).status, 'not settled yet').toBe('duplicate');
      await server.store.alerts.recordVerdict(newer.alertId, { outcome });
      expect((await update('2026-01-31T23:54:30.000Z')).status, 'nothing new').toBe('duplicate');
    }
  },
);

it.each(['CLOSED', 'CONTAINED', 'PARTIAL', 'FAILED', 'EXPIRED', 'REJECTED'] as const)(
  'one whose case has ended %s is an alert again, if it goes on after the end',
  async (state) => {
    const first = await update('2026-01-31T23:54:30.000Z');
    await inCase(first.alertId, state);
    expect(await update(ENDED_AT)).toMatchObject({ status: 'duplicate', alertId: first.alertId });
    const again = await update('2026-02-01T00:00:00.001Z');
    expect(again.status).toBe('accepted');
    expect(again.alertId).not.toBe(first.alertId);
    expect((await server.store.alerts.get(again.alertId))?.alert, 'of what came after the end').toMatchObject({
      sourceAlertId: `${FINDING.detail.id}#2`,
      firstSeen: ENDED_AT,
      lastSeen: '2026-02-01T00:00:00.001Z',
    });
    expect(await update('2026-02-01T00:00:00.001Z'), 'delivered twice').toEqual({
      ...again,
      status: 'duplicate',
      alerts: expect.anything(),
    });
  },
);

it('one whose time lies ahead is no new alert at each delivery', async () => {
  const ahead = new Date(Date.now() + 3_600_000).toISOString();
  const { alertId } = await update(ahead);
  await server.store.alerts.recordVerdict(alertId, { outcome: 'record' });
  expect(await update(ahead)).toMatchObject({ status: 'duplicate', alertId });
});

it('twenty deliveries of one update at once are one alert', async () => {
  const { alertId } = await update();
  await server.store.alerts.recordVerdict(alertId, { outcome: 'record' });
  const at = new Date().toISOString();
  const answers = await Promise.all(Array.from({ length: 20 }, () => update(at)));
  expect(answers.filter(({ status }) => status === 'accepted')).toHaveLength(1);
  expect(new Set(answers.map((answer) => answer.alertId)).size).toBe(1);
});

it('an alert in our own format is one for ever, whatever became of it', async () => {
  const alert = JSON.parse(
    readFileSync(new URL('../../src/sources/generic/fixtures/discovery-burst.json', import.meta.url), 'utf8'),
  );
  const send = async () =>
    (await (await server.send({ ...alert, lastSeen: new Date().toISOString() })).json()) as Answer;
  const { alertId } = await send();
  await server.store.alerts.recordVerdict(alertId, { outcome: 'record' });
  expect(await send()).toMatchObject({ status: 'duplicate', alertId });
});

import { createServer as createHttpServer } from 'node:http';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CordonFailure } from '../../src/contracts/failures.ts';
import { END_STATES, TRANSITIONS, type CaseState } from '../../src/domain/case.ts';
import { createServer } from '../../src/server/server.ts';
import { dependenciesOf, problemOf, serve, storeCase, type Serving } from './serving.ts';

let server: Serving;
beforeEach(async () => void (server = await serve()));
afterEach(() => server.close());

const UNKNOWN = `ca_${'0'.repeat(32)}`;

describe('without a token of an approver', () => {
  it.each([
    ['GET', '/v1/cases'],
    ['GET', `/v1/cases/${UNKNOWN}`],
    ['GET', `/v1/cases/${UNKNOWN}/timeline`],
    ['GET', `/v1/cases/${UNKNOWN}/plan`],
    ['GET', `/v1/cases/${UNKNOWN}/export`],
    ['GET', '/v1/alerts'],
    ['GET', '/v1/ledger/verification'],
    ['GET', '/v1/kill-switch'],
    ['PUT', '/v1/kill-switch'],
    ['POST', `/v1/cases/${UNKNOWN}/decisions`],
    ['POST', `/v1/cases/${UNKNOWN}/rollback`],
    ['POST', `/v1/cases/${UNKNOWN}/key-deletion`],
  ])('%s %s is refused', async (method, path) => {
    for (const authorization of [undefined, 'Bearer wrong', 'Basic dG9rZW4tb2YtZGFuYQ==', 'Bearer ']) {
      const headers = { ...(authorization === undefined ? {} : { authorization }), 'content-type': 'application/json' };
      const response = await fetch(server.url + path, {
        method,
        headers,
        ...(method === 'GET' ? {} : { body: '{}' }),
      });
      expect(await problemOf(response)).toMatchObject({
        status: 401,
        document: { errors: [{ header: 'authorization' }] },
      });
    }
    expect(server.cases.decided).toEqual([]);
    expect(server.cases.rollbacks).toEqual([]);
    expect(server.cases.deletions).toEqual([]);
  });
});

describe('reading', () => {
  it('shows cases, one case, its timeline and plan, and exports it all', async () => {
    const { caseId, plan } = await storeCase(server.store);
    const entry = await server.store.ledger.append({ type: 'plan', caseId, key: plan.digest, body: { n: 1 } });
    const get = async (path: string) => (await server.as('dana', path)).json();
    expect(await get('/v1/cases?state=AWAITING_APPROVAL')).toMatchObject({ cases: [{ caseId }] });
    expect(await get('/v1/cases?state=CLOSED')).toEqual({ cases: [] });
    expect(await get(`/v1/cases/${caseId}`)).toMatchObject({ caseId, planDigest: plan.digest });
    expect(await get(`/v1/cases/${caseId}/timeline`)).toMatchObject({ timeline: [{ step: 'Ask for approval' }] });
    expect(await get(`/v1/cases/${caseId}/plan`)).toEqual(plan);
    expect(await get(`/v1/cases/${caseId}/export`)).toMatchObject({ case: { caseId }, plan, ledger: [entry] });
    expect(await get('/v1/ledger/verification')).toMatchObject({ status: 'intact', entries: 1 });
    expect(await get('/v1/alerts')).toEqual({ alerts: [] });
  });

  it('says what is not there, and what does not fit', async () => {
    expect(await problemOf(await server.as('dana', `/v1/cases/${UNKNOWN}`))).toMatchObject({ status: 404 });
    expect(await problemOf(await server.as('dana', '/v1/cases/..%2f..%2fetc'))).toMatchObject({ status: 400 });
    expect(await problemOf(await server.as('dana', '/v1/cases?limit=0'))).toMatchObject({
      status: 400,
      document: { errors: [{ detail: expect.stringContaining('limit') }] },
    });
    expect(await problemOf(await server.as('dana', '/nowhere'))).toMatchObject({ status: 404 });
  });
});

describe('a decision', () => {
  const decide = (caseId: string, body: object, who: 'dana' | 'sam' = 'dana') =>
    server.as(who, `/v1/cases/${caseId}/decisions`, body);

  it('is signed in the name of the owner of the token and sent to the case', async () => {
    const { caseId, workflowId, plan } = await storeCase(server.store);
    const body = { planDigest: plan.digest, decision: 'approve', reason: 'seen\u202e it\n' };
    const response = await decide(caseId, body);
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: 'accepted', state: 'APPROVED', approvals: 1, required: 1 },
    ]);
    expect(server.cases.decided).toMatchObject([
      {
        workflowId,
        decision: { decision: { actor: 'dana', channel: 'cli', reason: 'seen it', planDigest: plan.digest } },
      },
    ]);
  });

  it.each([
    ['a rollback', 'ROLLING_BACK', 'rollback'],
    ['a deletion of keys', 'CLOSED', 'deletion'],
  ] as const)('on %s goes to the workflow that holds the lock on both', async (_name, state, kind) => {
    const { caseId, plan } = await storeCase(server.store, state, kind);
    await decide(caseId, { planDigest: plan.digest, decision: 'approve' });
    expect(server.cases.decided).toMatchObject([{ workflowId: `rollback-${caseId}` }]);
  });

  it('by the suspect, on another plan, or with an actor of their own choosing never reaches the case', async () => {
    const { caseId, plan } = await storeCase(server.store);
    const approve = { planDigest: plan.digest, decision: 'approve' };
    expect(await problemOf(await decide(caseId, approve, 'sam'))).toMatchObject({ status: 403 });
    expect(await problemOf(await decide(caseId, { ...approve, planDigest: 'f'.repeat(64) }))).toMatchObject({
      status: 404,
    });
    expect(await problemOf(await decide(UNKNOWN, approve))).toMatchObject({ status: 404 });
    expect(await problemOf(await decide(caseId, { ...approve, actor: 'sam' }))).toMatchObject({ status: 400 });
    expect(await problemOf(await decide(caseId, { ...approve, planDigest: 7 }))).toMatchObject({
      status: 400,
      document: { errors: [{ pointer: '/planDigest' }] },
    });
    expect(server.cases.decided).toEqual([]);
  });

  it('that the case refuses is a conflict; one without a certain answer says so and is no success', async () => {
    const { caseId, plan } = await storeCase(server.store);
    const approve = { planDigest: plan.digest, decision: 'approve' };
    server.cases.answer = async () => ({ status: 'refused', reason: 'The plan has changed.' });
    expect(await problemOf(await decide(caseId, approve))).toMatchObject({
      status: 409,
      document: { detail: 'The plan has changed.' },
    });
    server.cases.answer = async () => {
      throw new CordonFailure('TimedOut', 'The case did not answer in time.');
    };
    expect(await problemOf(await decide(caseId, approve))).toMatchObject({ status: 503 });
    server.cases.answer = async () => {
      throw new Error('secret detail of a defect');
    };
    const { status, document } = await problemOf(await decide(caseId, approve));
    expect(status).toBe(500);
    expect(JSON.stringify(document)).not.toContain('secret detail');
  });
});

describe('a rollback', () => {
  it('is started in the name of who asks; not while the containment runs', async () => {
    const { caseId } = await storeCase(server.store, 'CONTAINED');
    const ask = () => server.as('dana', `/v1/cases/${caseId}/rollback`, { reason: 'false alarm' });
    const response = await ask();
    expect([response.status, await response.json()]).toEqual([
      202,
      { workflowId: `rollback-${caseId}`, status: 'started' },
    ]);
    expect(server.cases.rollbacks).toEqual([{ caseId, requestedBy: 'dana', reason: 'false alarm' }]);
    await storeCase(server.store, 'CONTAINING');
    expect((await ask()).status).toBe(409);
    server.cases.heartbeat = 'silent';
    expect((await ask()).status, 'it may go on').toBe(409);
    server.cases.away = true;
    await storeCase(server.store, 'CLOSED');
    expect((await ask()).status).toBe(503);
    expect(server.cases.rollbacks).toHaveLength(1);
  });

  it('is started of a case that was terminated while it was being contained', async () => {
    const { caseId } = await storeCase(server.store, 'VERIFYING');
    server.cases.heartbeat = 'gone';
    expect((await server.as('dana', `/v1/cases/${caseId}/rollback`, { reason: 'terminated' })).status).toBe(202);
  });

  it('is refused while keys of the case are being deleted', async () => {
    const { caseId } = await storeCase(server.store, 'CLOSED');
    server.cases.secondPlan = 'other-running';
    const { status, document } = await problemOf(
      await server.as('dana', `/v1/cases/${caseId}/rollback`, { reason: 'false alarm' }),
    );
    expect([status, document['detail']]).toEqual([409, expect.stringContaining('A deletion of its keys')]);
  });
});

describe('a deletion of keys', () => {
  const ask = (caseId: string) => server.as('dana', `/v1/cases/${caseId}/key-deletion`, { reason: 'rotated' });
  const deactivated = (caseId: string, action = 'deactivate-access-keys') =>
    server.store.ledger.append({ type: 'outcome', caseId, key: action, body: { action, status: 'applied' } });
  const ENDED: readonly CaseState[] = END_STATES;
  const OPEN = (Object.keys(TRANSITIONS) as CaseState[]).filter((state) => !ENDED.includes(state));

  it('is started in the name of who asks, once its day has come', async () => {
    await server.close();
    server = await serve({ now: () => new Date(Date.now() + 30 * 24 * 3_600_000) });
    const { caseId } = await storeCase(server.store, 'CLOSED');
    await deactivated(caseId);
    expect((await ask(caseId)).status).toBe(202);
    expect(server.cases.deletions).toEqual([{ caseId, requestedBy: 'dana', reason: 'rotated' }]);
    server.cases.secondPlan = 'other-running';
    expect(await problemOf(await ask(caseId))).toMatchObject({
      status: 409,
      document: { detail: expect.stringContaining('A rollback of this case is under way') },
    });
  });

  it('is told from when on it may be asked for, and that there is nothing to delete', async () => {
    const { caseId } = await storeCase(server.store, 'CLOSED');
    await deactivated(caseId, 'disable-service-account-keys');
    const nothing = await problemOf(await ask(caseId));
    expect([nothing.status, nothing.document['detail']]).toEqual([409, expect.stringContaining('nothing to delete')]);
    const { at } = await deactivated(caseId);
    const early = await problemOf(await ask(caseId));
    const from = new Date(Date.parse(at) + 30 * 24 * 3_600_000).toISOString();
    expect([early.status, early.document['detail']]).toEqual([409, expect.stringContaining(`Not before ${from}`)]);
    expect(server.cases.deletions).toEqual([]);
  });

  it.each(OPEN)('is refused while the case is %s', async (state) => {
    const { caseId } = await storeCase(server.store, state);
    await deactivated(caseId);
    const { status, document } = await problemOf(await ask(caseId));
    expect([status, document['detail']]).toEqual([409, expect.stringContaining(`The case is ${state}`)]);
    expect(server.cases.deletions).toEqual([]);
  });
});

describe('the server', () => {
  it('is not ready without its store', async () => {
    expect(await (await fetch(`${server.url}/readyz`)).json()).toMatchObject({ status: 'ready' });
    const { store } = server;
    store.ping = () => Promise.reject(new Error('gone'));
    expect(await problemOf(await fetch(`${server.url}/readyz`))).toMatchObject({ status: 503 });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it('describes every route, with a name for each, and sends security headers', async () => {
    const response = await fetch(`${server.url}/openapi.json`);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const { paths } = (await response.json()) as { paths: Record<string, Record<string, { operationId?: string }>> };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(routes.toSorted()).toEqual([
      'get /healthz',
      'get /metrics',
      'get /openapi.json',
      'get /readyz',
      'get /v1/alerts',
      'get /v1/alerts/{alertId}',
      'get /v1/cases',
      'get /v1/cases/{caseId}',
      'get /v1/cases/{caseId}/export',
      'get /v1/cases/{caseId}/plan',
      'get /v1/cases/{caseId}/timeline',
      'get /v1/kill-switch',
      'get /v1/ledger/verification',
      'get /v1/orphans',
      'post /v1/alerts/generic',
      'post /v1/alerts/guardduty',
      'post /v1/cases/{caseId}/decisions',
      'post /v1/cases/{caseId}/key-deletion',
      'post /v1/cases/{caseId}/rollback',
      'post /v1/orphans/sweep',
      'put /v1/kill-switch',
    ]);
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(routes.length);
  });

  it('counts what it did', async () => {
    const { caseId, plan } = await storeCase(server.store);
    await server.as('dana', `/v1/cases/${caseId}/decisions`, { planDigest: plan.digest, decision: 'deny' });
    await server.post('/v1/alerts/generic', '{}');
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toContain('cordon_decisions_total{decision="deny",answer="accepted"} 1');
    expect(text).toContain('cordon_alert_rejections_total{source="generic",reason="unauthenticated"} 1');
    expect(text).toContain('route="/v1/cases/:caseId/decisions",status="200"');
  });

  it('does not start with a source or approver that would stand open, or with a shared token', async () => {
    const good = dependenciesOf(server.store, server.cases);
    const missing = { ...good, secrets: { sources: { generic: 'x' }, approvers: good.secrets.approvers } };
    await expect(createServer(missing)).rejects.toThrow('guardduty');
    const tokenless = { ...good, secrets: { ...good.secrets, approvers: { dana: 'x' } } };
    await expect(createServer(tokenless)).rejects.toThrow('sam');
    const shared = { ...good, secrets: { ...good.secrets, approvers: { dana: 'y'.repeat(16), sam: 'y'.repeat(16) } } };
    await expect(createServer(shared)).rejects.toThrow('same secret');
  });
});

it('a mounted listener gets the raw request, unread and untouched', async () => {
  const listener = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.writeHead(418).end(Buffer.concat(chunks)));
  }).listeners('request')[0] as Parameters<typeof createHttpServer>[1] & object;
  const mounting = await serve({ mounted: { path: '/slack/events', handler: listener } });
  const response = await mounting.post('/slack/events', 'payload=%7B%7D&x', {
    'content-type': 'application/x-www-form-urlencoded',
  });
  expect([response.status, await response.text()]).toEqual([418, 'payload=%7B%7D&x']);
  await mounting.close();
});

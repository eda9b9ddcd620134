import { expect, test } from 'vitest';

import { sealPlan } from '../../src/approval/digest.ts';
import { END_STATES, WATCHED, type CaseState } from '../../src/domain/case.ts';
import { cordon, MAIN, run } from './cordon.ts';
import type { Answer, Listener, Received } from './listener.ts';
import { listen } from './listener.ts';
import { CASE_ID, HOSTILE, PLAN } from './plans.ts';

const TOKEN = 'canary-token-9c1f';
const AT = '2026-06-01T12:00:00.000Z';
const RECORD = {
  caseId: CASE_ID,
  workflowId: 'case-1',
  principalKey: `aws:123456789012:iam-user:${HOSTILE}`,
  principal: PLAN.principal,
  state: 'AWAITING_APPROVAL',
  openedAt: AT,
  updatedAt: AT,
  alertIds: ['al_1'],
  planDigest: PLAN.digest,
  timeline: [{ at: AT, state: 'ENRICHING', step: 'Gathered evidence', detail: HOSTILE }],
};

function routes(changes: Readonly<Record<string, (request: Received) => Answer>> = {}) {
  const answers: Readonly<Record<string, (request: Received) => Answer>> = {
    'GET /v1/cases': () => ({ body: { cases: [RECORD] } }),
    [`GET /v1/cases/${CASE_ID}`]: () => ({ body: RECORD }),
    [`GET /v1/cases/${CASE_ID}/timeline`]: () => ({ body: { timeline: RECORD.timeline } }),
    [`GET /v1/cases/${CASE_ID}/plan`]: () => ({ body: PLAN }),
    [`GET /v1/cases/${CASE_ID}/export`]: () => ({ body: { case: RECORD, plan: PLAN, alerts: [], ledger: [] } }),
    [`POST /v1/cases/${CASE_ID}/decisions`]: () => ({
      body: { status: 'accepted', state: 'APPROVED', approvals: 1, required: 1 },
    }),
    [`POST /v1/cases/${CASE_ID}/rollback`]: () => ({
      status: 202,
      body: { workflowId: `rollback-${CASE_ID}`, status: 'started' },
    }),
    [`POST /v1/cases/${CASE_ID}/key-deletion`]: () => ({
      status: 202,
      body: { workflowId: `rollback-${CASE_ID}`, status: 'started' },
    }),
    ...changes,
  };
  const missing = (): Answer => ({ status: 404, body: { title: 'There is nothing here', status: 404 } });
  return (request: Received) => (answers[`${request.method} ${request.path}`] ?? missing)(request);
}

const on = (server: Listener, ...args: readonly string[]) =>
  cordon(['case', ...args], { env: { CORDON_URL: server.url, CORDON_TOKEN: TOKEN } });
const posts = (server: Listener) => server.received.filter(({ method }) => method === 'POST');
const bodyOf = (request: Received | undefined): unknown => JSON.parse(request?.body.toString() ?? 'null');

test.each([
  [['list']],
  [['list', '--json']],
  [['show', CASE_ID]],
  [['show', CASE_ID, '--json']],
  [['timeline', CASE_ID]],
  [['timeline', CASE_ID, '--json']],
  [['approve', CASE_ID, '--yes']],
  [['approve', CASE_ID, '--yes', '--json']],
  [['export', CASE_ID]],
])('case %j prints no character that acts on the terminal, and sends the token to the server only', async (args) => {
  await using server = await listen(routes());
  const result = await on(server, ...args);
  expect(result.status, result.stderr).toBe(0);
  const printed = `${result.stdout}${result.stderr}`;
  expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  // What looks like a line of ours is still on the line of the data.
  expect(printed).not.toMatch(/^1\. Harmless/mu);
  expect(printed).not.toContain(TOKEN);
  for (const { headers } of server.received) expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
});

test('the JSON of list, show and timeline', async () => {
  await using server = await listen(routes());
  const json = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await on(server, ...args, '--json')).stdout);
  expect(await json('list')).toMatchObject({ cases: [{ caseId: CASE_ID, state: 'AWAITING_APPROVAL' }] });
  expect(await json('show', CASE_ID)).toMatchObject({ case: { caseId: CASE_ID }, plan: PLAN });
  expect(await json('timeline', CASE_ID)).toEqual({ timeline: RECORD.timeline });
});

test('a case id can not lead to another path', async () => {
  await using server = await listen(routes());
  expect((await on(server, 'show', '../ledger/verification')).status).toBe(1);
  expect(server.received.map(({ path }) => path)).toEqual(['/v1/cases/..%2Fledger%2Fverification']);
});

test('approve shows every call and caveat, and sends exactly the digest that it showed', async () => {
  await using server = await listen(routes());
  const result = await on(server, 'approve', CASE_ID, '--yes', '--reason', 'real');
  expect(result.status, result.stderr).toBe(0);
  for (const shown of [PLAN.digest, 'iam PutUserPolicy UserName=alice', 'us-west-2', 'alice can do nothing']) {
    expect(result.stdout).toContain(shown);
  }
  expect(posts(server).map(bodyOf)).toEqual([{ planDigest: PLAN.digest, decision: 'approve', reason: 'real' }]);
  expect(result.stdout).toContain('Approved, 1 of 1. The case is APPROVED.');
});

test('without a terminal nobody is asked, so without --yes nothing is sent', async () => {
  await using server = await listen(routes());
  const result = await on(server, 'approve', CASE_ID);
  expect(result.status).toBe(2);
  expect(result.stderr).toContain('--yes');
  expect(server.received).toEqual([]);
});

test.each([
  ['whose digest is not of its content', { ...PLAN, caveats: [] }, 'changed on the way'],
  ['with a field that is not shown', { ...PLAN, hidden: 'call' }, 'changed on the way'],
  ['of another case', { ...PLAN, caseId: 'ca_other' }, 'another case'],
])('a plan %s is neither approved nor denied', async (_name, body, why) => {
  await using server = await listen(routes({ [`GET /v1/cases/${CASE_ID}/plan`]: () => ({ body }) }));
  for (const args of [
    ['approve', CASE_ID, '--yes'],
    ['deny', CASE_ID, '--reason', 'x'],
  ]) {
    const result = await on(server, ...args);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain(why);
  }
  expect(posts(server)).toEqual([]);
});

test('deny and rollback carry their reason; a refusal is status 1 with the words of the server', async () => {
  const refused = (): Answer => ({
    status: 403,
    body: { title: 'You may not do this', detail: 'You are the suspect.' },
  });
  await using server = await listen(routes());
  expect((await on(server, 'deny', CASE_ID, '--reason', 'audit')).stdout).toContain('Denied.');
  const rollback = await on(server, 'rollback', CASE_ID, '--reason', 'rotated', '--json');
  expect(JSON.parse(rollback.stdout)).toEqual({
    caseId: CASE_ID,
    workflowId: `rollback-${CASE_ID}`,
    status: 'started',
  });
  expect(posts(server).map(bodyOf)).toEqual([
    { planDigest: PLAN.digest, decision: 'deny', reason: 'audit' },
    { reason: 'rotated' },
  ]);

  await using strict = await listen(routes({ [`POST /v1/cases/${CASE_ID}/decisions`]: refused }));
  const result = await on(strict, 'approve', CASE_ID, '--yes');
  expect(result.status).toBe(1);
  expect(result.stderr).toContain('You may not do this: You are the suspect. (403)');
  expect(result.stdout).not.toContain('Approved');
});

test('delete-keys asks for a plan of its own; a server that says from when on is heard', async () => {
  await using server = await listen(routes());
  const asked = await on(server, 'delete-keys', CASE_ID, '--reason', 'rotated');
  expect(asked.status, asked.stderr).toBe(0);
  expect(asked.stdout).toContain(`The deletion of the keys of case ${CASE_ID} is being planned`);
  expect(asked.stdout).toContain(`cordon case approve ${CASE_ID}`);
  expect(posts(server).map(bodyOf)).toEqual([{ reason: 'rotated' }]);
  expect((await on(server, 'delete-keys', CASE_ID)).status, 'without a reason nothing is sent').toBe(2);

  const early = (): Answer => ({ status: 409, body: { title: 'Not possible', detail: `Not before ${AT}: wait.` } });
  await using strict = await listen(routes({ [`POST /v1/cases/${CASE_ID}/key-deletion`]: early }));
  const result = await on(strict, 'delete-keys', CASE_ID, '--reason', 'rotated');
  expect([result.status, result.stderr]).toEqual([1, expect.stringContaining(`Not before ${AT}`)]);
});

test('show says of a deletion that nothing brings it back, and of a rotation what is to be handed over until it is taken back', async () => {
  const deletion = sealPlan({
    ...PLAN,
    kind: 'deletion',
    actions: PLAN.actions.map((one) => ({ ...one, reversibility: 'none' as const })),
  });
  const timeline = [...RECORD.timeline, { at: AT, state: 'CLOSED', step: 'Hand over', detail: `New key ${HOSTILE}` }];
  const of = (state: string) =>
    listen(
      routes({
        [`GET /v1/cases/${CASE_ID}`]: () => ({ body: { ...RECORD, state, timeline } }),
        [`GET /v1/cases/${CASE_ID}/plan`]: () => ({ body: deletion }),
      }),
    );
  await using closed = await of('CLOSED');
  const { stdout } = await on(closed, 'show', CASE_ID);
  expect(stdout).toContain('Deletion plan of case');
  expect(stdout).toContain('Can NOT be undone.');
  expect(stdout).toMatch(/To hand over:\n {2}- New key/u);
  await using back = await of('ROLLED_BACK');
  expect((await on(back, 'show', CASE_ID)).stdout).not.toContain('To hand over');
});

test('timeline --follow shows each entry once and ends with the case', async () => {
  const closed = { at: AT, state: 'CLOSED', step: 'Closed the case', detail: 'done' };
  let polls = 0;
  const poll = (): Answer => {
    polls += 1;
    const ended = polls > 1;
    return {
      body: {
        ...RECORD,
        state: ended ? 'CLOSED' : 'CONTAINING',
        timeline: [...RECORD.timeline, ...(ended ? [closed] : [])],
      },
    };
  };
  await using server = await listen(routes({ [`GET /v1/cases/${CASE_ID}`]: poll }));
  const result = await on(server, 'timeline', CASE_ID, '--follow', '--json');
  expect(result.status, result.stderr).toBe(0);
  expect(
    result.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([...RECORD.timeline, closed]);
});

/** What was asked for came about, or nothing had to. */
const GOOD: readonly CaseState[] = ['RECORDED', 'CONTAINED', 'MONITORING', 'CLOSED', 'ROLLED_BACK'];
test.each([...END_STATES, ...WATCHED])('timeline --follow ends with %s, by its status as it ended', async (state) => {
  await using server = await listen(routes({ [`GET /v1/cases/${CASE_ID}`]: () => ({ body: { ...RECORD, state } }) }));
  const result = await on(server, 'timeline', CASE_ID, '--follow', '--minutes', '0.001');
  expect(result.status, result.stderr).toBe(GOOD.includes(state) ? 0 : 1);
  expect(result.stderr).not.toContain('still');
  if (!GOOD.includes(state)) expect(result.stderr).toContain(state);
});

test('timeline --follow ends as refused when its time is over', async () => {
  await using server = await listen(routes());
  const result = await on(server, 'timeline', CASE_ID, '--follow', '--minutes', '0.001');
  expect(result.status).toBe(1);
  expect(result.stderr).toContain('still AWAITING_APPROVAL');
});

// `script` of util-linux gives the command a terminal, and passes its exit status on.
const terminal = await run('sh', ['-c', 'script --version']);
test.skipIf(!terminal.stdout.includes('util-linux')).each<[answer: string, status: number, decisions: number]>([
  ['no\r', 1, 0],
  ['\r', 1, 0],
  ['\u0004', 1, 0],
  ['\u0003', 1, 0],
  ['yes\r', 0, 1],
])('on a terminal the answer %j ends with %i and %i decisions', async (answer, status, decisions) => {
  await using server = await listen(routes());
  const command = `'${process.execPath}' '${MAIN}' case approve ${CASE_ID}`;
  const result = await run('script', ['-qec', command, '/dev/null'], {
    env: { CORDON_URL: server.url, CORDON_TOKEN: TOKEN, TERM: 'dumb' },
    reply: { prompt: 'Type yes:', answer },
  });
  expect(result.status, result.stdout).toBe(status);
  expect(result.stdout).toContain('Approve this plan? Type yes:');
  expect(posts(server)).toHaveLength(decisions);
});

import { randomBytes } from 'node:crypto';

import { DeleteRolePolicyCommand, DeleteUserPolicyCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { applyAction } from '../../src/containment/apply.ts';
import type { ContainmentDependencies } from '../../src/containment/dependencies.ts';
import { planContainment } from '../../src/containment/plan.ts';
import { planRollback, revertAction, verifyRollback } from '../../src/containment/rollback.ts';
import { verifyContainment } from '../../src/containment/verify.ts';
import { CordonFailure } from '../../src/contracts/failures.ts';
import type { Alert, PrincipalClue } from '../../src/domain/alert.ts';
import { canonicalJson } from '../../src/domain/canonical.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { AWS_ACTIONS } from '../../src/providers/aws/actions/index.ts';
import type { Provider } from '../../src/providers/port.ts';
import { resourceOf } from '../../src/domain/principal.ts';
import { providerOf } from '../../src/providers/port.ts';
import { nextSecond } from '../providers/aws/case-of-alice.ts';
import type { Stage } from '../providers/aws/stage.ts';
import { buildStage, tries } from '../providers/aws/stage.ts';
import { FAULTS, startFaultProxy, type Fault, type FaultProxy, type ProxiedCall } from '../support/fault-proxy.ts';
import { startMiniStack, type MiniStack } from '../support/processes/ministack.ts';
import type { Office, Person } from './suspect.ts';
import { approval, containmentThrough, newPerson, openOffice, stateOf } from './suspect.ts';

/** From the first call of an operation on, for good or for one call only. */
interface Point {
  readonly call: ProxiedCall;
  readonly fault: Fault;
  readonly once: boolean;
}

/** Their user has one key, and a role that they assumed and used. */
interface Case extends Person {
  readonly caseId: string;
  readonly alertIds: readonly string[];
}
type Contained = Case & { readonly plan: Plan; readonly before: JsonObject; readonly since: string };

const FULL = process.env['CORDON_FULL_SWEEP'] === '1';
const LANES = 5;
/** Of reads; to a caller, one that gets no answer is like one that is not available, only slower. */
const SWEPT: readonly Fault[] = FULL ? FAULTS.filter((fault) => fault !== 'reset') : ['unavailable', 'denied'];
const OF_WRITES: readonly Fault[] = FULL ? SWEPT : ['unavailable', 'denied', 'lost'];

let ministack: MiniStack;
let stage: Stage;
let office: Office;
let open: Case;

beforeAll(async () => {
  ministack = await startMiniStack();
  stage = await buildStage(ministack);
  office = await openOffice();
  open = await newCase();
});
afterAll(async () => {
  await office?.close();
  await ministack?.stop();
});

const REPRESENTATIVE = ['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions', 'rotate-access-key'];

type Answer = { readonly status?: string } & object;
type Asked = (dependencies: ContainmentDependencies, provider: Provider) => Promise<Answer>;
/** Besides a failure, what may be answered while AWS keeps Cordon from knowing. */
type Honest = (answer: Answer) => boolean;
const never: Honest = () => false;
const notClean: Honest = ({ status }) => status === 'drifted' || status === 'unproven';
const unresolved: Honest = ({ status }) => status === 'unresolved';
const warned: Honest = (plan) => [...(plan as Plan).caveats, ...(plan as Plan).obstacles].length > 0;

const resolving = (clues: () => readonly string[]) => async (): Promise<Asked> => {
  const forms = clues().map((value): PrincipalClue => ({ form: 'other', value }));
  return (_, provider) => provider.resolve(forms, open.principal.accountId);
};
const verifying =
  (tamper: (contained: Contained) => Promise<unknown> = async () => {}) =>
  async (): Promise<Asked> => {
    const contained = await contain(await newCase());
    await tamper(contained);
    const { plan, since, alertIds } = contained;
    return (dependencies) =>
      verifyContainment({ planDigest: plan.digest, since, requireLog: true, alertIds }, dependencies);
  };
const window = (from: number, to: number) => ({ from: inMs(from), to: inMs(to) });

type Question = readonly [string, () => Promise<Asked>, Honest, object];
const UNDONE_OTHERWISE: readonly Question[] = [
  ['verifyContainment, a key active again', verifying(reactivate), notClean, { status: 'drifted' }],
  ['verifyContainment, the revocation removed', verifying(removeRevocation), notClean, { status: 'drifted' }],
];

describe.each<Question>([
  ['planContainment', async () => (all) => planContainment(open, all), warned, { caveats: [], obstacles: [] }],
  ['verifyContainment', verifying(), notClean, { status: 'clean' }],
  ['verifyContainment, the deny removed', verifying(removeDeny), notClean, { status: 'drifted' }],
  ...(FULL ? UNDONE_OTHERWISE : []),
  [
    'resolve by ARN and name',
    resolving(() => [resourceOf(open.principal), open.principal.name]),
    unresolved,
    resolved(),
  ],
  ['resolve by key', resolving(() => [open.keys[0]?.accessKeyId ?? '']), unresolved, resolved()],
  ['resolve by id', resolving(() => [open.principal.uniqueId ?? '']), unresolved, resolved()],
  ['resolve by session', resolving(() => [open.session?.accessKeyId ?? '']), unresolved, resolved('role-session')],
  [
    'resolve by contradicting clues',
    resolving(() => [resourceOf(open.principal), open.session?.accessKeyId ?? '']),
    unresolved,
    { status: 'ambiguous' },
  ],
  [
    'activity',
    async () => {
      const [around, before] = [window(-3_600_000, 1_000), window(-7_200_000, -3_600_000)];
      return (_, provider) => provider.activity(open.principal, around, before);
    },
    never,
    { assumedRoles: [expect.anything()] },
  ],
  [
    'credentials',
    async () => (_, provider) => provider.credentials(open.principal),
    never,
    { accessKeys: [expect.anything()] },
  ],
])('%s under faults of AWS', (_name, prepare, honest, truth) => {
  it('fails, or says that it does not know, and writes nothing', { timeout: 300_000 }, async () => {
    const ask = await prepare();
    const askThrough = (proxy: FaultProxy) => {
      const dependencies = through(proxy.url);
      return ask(dependencies, providerOf(dependencies.providers, 'aws'));
    };
    const calls = await record(async (proxy) => expect(await askThrough(proxy)).toMatchObject(truth));
    expect(calls.filter(({ write }) => write)).toEqual([]);
    const wrongs = await sweep(pointsOf(calls), async ({ call, fault }, proxy) => {
      const [answer, failure] = await attemptTold(() => askThrough(proxy), call, fault);
      const writes = proxy.calls.filter(({ write }) => write).map(({ operation }) => `wrote ${operation}`);
      if (failure) return [...writes, ...wrongsOfFailure(failure, call, fault)];
      return honest(answer) ? writes : [...writes, `answered ${JSON.stringify(answer)}`];
    });
    expect(wrongs).toEqual([]);
  });
});

/** What of the state each action alone changes: that must be as before when it is said to be reverted. */
const PART: Readonly<Record<string, (state: JsonObject) => string>> = {
  'deny-principal': ({ policies }) => JSON.stringify(policies),
  'deactivate-access-keys': ({ statuses }) => String((statuses as string[]).filter((one) => one.startsWith('key'))),
  'revoke-role-sessions': ({ role }) => JSON.stringify(role),
  'rotate-access-key': ({ secret, statuses }) => JSON.stringify([secret, (statuses as string[]).length]),
};

describe('rollback under faults of AWS', () => {
  it('is never said to be done before all is as it was, and can be repeated', { timeout: 600_000 }, async () => {
    const calls = await record(async (proxy) => {
      const contained = await contain(await newCase());
      proxy.clear();
      expect(await rollBack(contained, await planOfRollback(contained), proxy)).toEqual([]);
      expect(await wrongsOfRestored(contained, await planOfRollback(contained))).toEqual([]);
    });
    const writes = calls.filter(({ write }) => write);
    expect(new Set(writes.map(({ operation }) => operation)).size).toBeGreaterThanOrEqual(5);
    // A read that is not answered ends as one that is not available does; only the waiting is longer.
    const telling = pointsOf(calls).filter(
      ({ call, fault }) => call.write || fault === 'unavailable' || fault === 'denied',
    );
    const passing = pointsOf(writes, true).filter(({ fault }) => FULL || fault === 'lost');
    const points = [...telling, ...passing];
    const wrongs = await sweep(points, async ({ call, fault }, proxy) => {
      const contained = await contain(await newCase());
      const plan = await planOfRollback(contained);
      const failures = await rollBack(contained, plan, proxy);
      const reached = proxy.calls.some((one) => isOf(call, one)) ? [] : ['the fault was never met'];
      proxy.clear();
      // What one action could not undo, the read back of another may see: that one is tried again.
      const final = failures.filter((one) => !isRetried(one));
      const told = fault === 'denied' ? final : failures;
      const lies = told.flatMap((one) => (one instanceof CordonFailure ? wrongsOfFailure(one, call, fault) : [one]));
      if (fault === 'denied' && final.length === 0) lies.push('nobody was told');
      await rollBack(contained, plan, proxy);
      return [...reached, ...lies, ...(await wrongsOfRestored(contained, plan))];
    });
    expect(wrongs).toEqual([]);
    expect((await office.store.ledger.verify()).status).toBe('intact');
  });
});

function planOfRollback({ caseId }: Case): Promise<Plan> {
  return planRollback({ caseId }, through(ministack.url));
}

/** One try of each action and of the proof; the failures and, as text, the lies. */
async function rollBack(contained: Contained, plan: Plan, proxy: FaultProxy): Promise<(CordonFailure | string)[]> {
  const dependencies = through(proxy.url);
  const decisions = [await approval(plan, office.signer)];
  const wrongs: (CordonFailure | string)[] = [];
  for (const { sequence, request } of plan.actions) {
    const input = { planDigest: plan.digest, sequence, decisions };
    const [, failure] = await attempt(() => revertAction(input, dependencies));
    const part = PART[request.action] ?? (() => 'no such action');
    const now = part(await stateOf(stage, contained, contained.caseId));
    if (failure) wrongs.push(failure);
    else if (now !== part(contained.before)) wrongs.push(`${request.action} said to be reverted, but there is ${now}`);
  }
  const [proof, failure] = await attempt(() => verifyRollback({ planDigest: plan.digest }, dependencies));
  const state = canonicalJson(await stateOf(stage, contained, contained.caseId));
  if (failure) wrongs.push(failure);
  else if (proof.status === 'clean' && state !== canonicalJson(contained.before)) wrongs.push(`clean, but ${state}`);
  return wrongs;
}

async function wrongsOfRestored(contained: Contained, plan: Plan): Promise<readonly string[]> {
  const { status, lines } = await verifyRollback({ planDigest: plan.digest }, through(ministack.url));
  const state = canonicalJson(await stateOf(stage, contained, contained.caseId));
  const restored = state === canonicalJson(contained.before);
  return [
    ...(status === 'clean' ? [] : [`repeated, it is ${status}: ${lines.join(' ')}`]),
    ...(restored ? [] : [`repeated, there is ${state}`]),
  ];
}

function wrongsOfFailure({ type, final, message }: CordonFailure, call: ProxiedCall, fault: Fault): readonly string[] {
  const told = fault === 'denied' ? message.includes(`${call.service}:${call.operation}`) : !final;
  return told ? [] : [`failed as ${type}: ${message}`];
}

const isRetried = (one: CordonFailure | string) => one instanceof CordonFailure && !one.final;

/** Asked again as Temporal does, where a busy machine let another call be late before the refusal was met. */
async function attemptTold<Result>(act: () => Promise<Result>, { service, operation }: ProxiedCall, fault: Fault) {
  let last = await attempt(act);
  const late = ([, failure]: typeof last) =>
    failure?.type === 'TimedOut' && !failure.message.includes(`${service}:${operation}`);
  const most = fault === 'denied' ? 8 : 0;
  for (let again = 0; again < most && late(last); again += 1) last = await attempt(act);
  return last;
}

/** A failure that is none of ours is a defect: it ends the sweep. */
async function attempt<Result>(
  act: () => Promise<Result>,
): Promise<readonly [Result, null] | readonly [null, CordonFailure]> {
  try {
    return [await act(), null];
  } catch (error) {
    if (!(error instanceof CordonFailure)) throw error;
    return [null, error];
  }
}

function resolved(kind?: 'role-session') {
  return { status: 'resolved', principal: kind ? { kind } : { kind: 'iam-user' } };
}

/**
 * One of each way to change IAM, as in the sweep of the single actions; in the full sweep all that can be undone, since a rollback must
 * find everything as it was. With more calls than MiniStack's trail holds, the first of them would be gone from it.
 */
function through(url: string): ContainmentDependencies {
  const undoable = Object.entries(AWS_ACTIONS).filter(([, { facts }]) => facts.reversibility !== 'none');
  const actions = FULL ? undoable.map(([id]) => id) : REPRESENTATIVE;
  return containmentThrough(url, stage, office, { aws: { actions } });
}

async function newCase(): Promise<Case> {
  const person = await newPerson(stage, 1, true);
  if (person.session) await tries(stage, person.session);
  const [alertId, caseId] = [`al_${randomBytes(16).toString('hex')}`, `ca_${randomBytes(16).toString('hex')}`];
  const at = new Date().toISOString();
  const text = { source: 'test', sourceAlertId: alertId, title: 'Discovery', rule: 'T1580', severity: 'high' } as const;
  const lists = { techniques: [], clues: [], sourceAddresses: [], userAgents: [] };
  const alert: Alert = { alertId, ...text, ...lists, cloud: 'aws', firstSeen: at, lastSeen: at, sample: false };
  await office.store.alerts.accept(alert, '{}', alertId, `alert-${alertId}`);
  return { ...person, caseId, alertIds: [alertId] };
}

async function contain(one: Case): Promise<Contained> {
  const dependencies = through(ministack.url);
  const before = await stateOf(stage, one, one.caseId);
  const plan = await planContainment(one, dependencies);
  const decisions = [await approval(plan, office.signer)];
  for (const { sequence } of plan.actions) {
    const { status } = await applyAction({ planDigest: plan.digest, sequence, decisions }, dependencies);
    if (status !== 'applied') throw new Error(`Undisturbed, action ${sequence} must be applied; it is ${status}.`);
  }
  await nextSecond();
  return { ...one, plan, before, since: new Date().toISOString() };
}

function removeDeny({ principal, caseId }: Contained) {
  const PolicyName = `CordonDeny-${caseId}`;
  return stage.admin.iam.send(new DeleteUserPolicyCommand({ UserName: principal.name, PolicyName }));
}

function reactivate({ principal, keys }: Contained) {
  const AccessKeyId = keys[0]?.accessKeyId;
  return stage.admin.iam.send(new UpdateAccessKeyCommand({ UserName: principal.name, AccessKeyId, Status: 'Active' }));
}

function removeRevocation({ roleName: RoleName }: Contained) {
  return stage.admin.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'AWSRevokeOlderSessions' }));
}

function inMs(offset: number): string {
  return new Date(Date.now() + offset).toISOString();
}

async function record(run: (proxy: FaultProxy) => Promise<void>): Promise<readonly ProxiedCall[]> {
  const proxy = await startFaultProxy(ministack.url);
  try {
    await run(proxy);
    return proxy.calls;
  } finally {
    await proxy.stop();
  }
}

function pointsOf(calls: readonly ProxiedCall[], once = false): readonly Point[] {
  return calls
    .filter(({ occurrence }) => occurrence === 1)
    .flatMap((call) => (call.write ? OF_WRITES : SWEPT).map((fault) => ({ call, fault, once })));
}

function isOf(point: ProxiedCall, { service, operation }: ProxiedCall): boolean {
  return service === point.service && operation === point.operation;
}

/** Each lane has a proxy of its own; the sweep fails when all have ended, so that none runs into the next. */
async function sweep(
  points: readonly Point[],
  run: (point: Point, proxy: FaultProxy) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  expect(points.length).toBeGreaterThan(0);
  const left = [...points];
  const wrongs: string[] = [];
  const lanes = Array.from({ length: LANES }, async () => {
    const proxy = await startFaultProxy(ministack.url);
    for (let point = left.shift(); point; point = left.shift()) {
      const { call, fault, once } = point;
      proxy.clear();
      proxy.interfere((one) => (isOf(call, one) && (!once || one.occurrence === 1) ? fault : undefined));
      const name = `${fault} ${once ? 'once' : 'for good'} at ${call.service}:${call.operation}`;
      wrongs.push(...(await run(point, proxy)).map((what) => `${name}: ${what}`));
    }
    await proxy.stop();
  });
  for (const lane of await Promise.allSettled(lanes)) if (lane.status === 'rejected') throw lane.reason;
  return wrongs;
}

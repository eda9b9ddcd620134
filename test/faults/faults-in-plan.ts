import { randomBytes } from 'node:crypto';

import { expect } from 'vitest';

import { configSchema } from '../../src/config/schema.ts';
import type { ContainmentDependencies } from '../../src/containment/dependencies.ts';
import { planContainment } from '../../src/containment/plan.ts';
import { verifyContainment } from '../../src/containment/verify.ts';
import { CordonFailure } from '../../src/contracts/failures.ts';
import type { Alert } from '../../src/domain/alert.ts';
import type { SignedDecision } from '../../src/domain/approval.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { asTemporalWould, type End } from './as-temporal.ts';
import type { CallFault, CloudSuspect, SuspectedCloud } from './suspected-cloud.ts';
import { CALL_FAULTS } from './suspected-cloud.ts';
import { approval, type Office } from './suspect.ts';

/** How long a fault lasts from the call that it begins at: `a-try` outlasts the tries of the SDK. */
const SPANS = { once: 1, 'a-try': 3, 'for-good': Infinity } as const;

interface Place {
  readonly operation: string;
  /** From 1. */
  readonly occurrence: number;
  readonly write: boolean;
}

interface Point extends Place {
  readonly fault: CallFault;
  readonly span: keyof typeof SPANS;
}

/** A suspect with an approved plan, alone in a cloud of its own. */
interface Approved {
  readonly cloud: SuspectedCloud;
  readonly suspect: CloudSuspect;
  readonly plan: Plan;
  readonly decisions: readonly SignedDecision[];
  readonly alertIds: readonly string[];
  readonly dependencies: ContainmentDependencies;
}

const LANES = 10;
/** Of a call; where one gets no answer it is short, since many of them are waited for. */
const TIMEOUT_MS = { silent: 1_000, other: 10_000 };
const FULL = process.env['CORDON_FULL_SWEEP'] === '1';
/** Of what is not swept in full: one of each kind of failure; a read that is denied is under the contract of each action. */
const OF_READS: readonly CallFault[] = ['unavailable'];
const OF_WRITES: readonly CallFault[] = ['unavailable', 'denied', 'conflict', 'lost'];
/** Of the writes that are not swept in full, those that go on differ from those that pass in these. */
const LASTING: ReadonlySet<CallFault> = new Set(['unavailable', 'denied', 'lost']);

/** What went wrong in a whole plan whose calls fail one after the other, each in each way; the number of points that were tried. */
export async function failEveryCall(
  start: () => Promise<SuspectedCloud>,
  office: Office,
): Promise<{ readonly tried: number; readonly wrongs: readonly string[] }> {
  const undisturbed = await recordUndisturbed(start, office);
  const points = pointsOf(undisturbed.places);
  const wrongs: string[] = [];
  const left = [...points];
  const lane = async () => {
    for (let point = left.shift(); point; point = left.shift()) {
      const { fault, span, operation, occurrence } = point;
      const wrong = await disturb(point, await approvedPlan(start, office), undisturbed.states, office);
      wrongs.push(...wrong.map((what) => `${fault} ${span} from ${operation} #${occurrence}: ${what}`));
    }
  };
  for (const one of await Promise.allSettled(Array.from({ length: LANES }, lane)))
    if (one.status === 'rejected') throw one.reason;
  expect((await office.store.ledger.verify()).status).toBe('intact');
  return { tried: points.length, wrongs };
}

async function recordUndisturbed(start: () => Promise<SuspectedCloud>, office: Office) {
  const approved = await approvedPlan(start, office);
  const { cloud, suspect, plan } = approved;
  const places: Place[] = [];
  const states: string[] = [];
  const count = counting();
  cloud.interfere(({ operation, write }) => void places.push({ operation, write, occurrence: count(operation) }));
  for (const { sequence } of plan.actions) {
    const { status, detail } = await carryOut(approved, sequence);
    expect(status, detail).toBe('done');
    states.push(cloud.stateOf(suspect));
  }
  cloud.clear();
  expect(new Set(states).size, 'every action changes something').toBe(plan.actions.length);
  expect(await cloud.accepted(suspect)).toEqual([]);
  await cloud.stop();
  return { places, states };
}

async function approvedPlan(start: () => Promise<SuspectedCloud>, office: Office): Promise<Approved> {
  const cloud = await start();
  const suspect = await cloud.newSuspect();
  const { principal } = suspect;
  const [alertId, caseId] = [`al_${randomBytes(16).toString('hex')}`, `ca_${randomBytes(16).toString('hex')}`];
  const at = new Date().toISOString();
  const text = { source: 'test', sourceAlertId: alertId, title: 'Burst', rule: 'test', severity: 'high' } as const;
  const lists = { techniques: [], clues: [], sourceAddresses: [], userAgents: [] };
  const alert: Alert = {
    alertId,
    ...text,
    ...lists,
    cloud: principal.cloud,
    firstSeen: at,
    lastSeen: at,
    sample: false,
  };
  await office.store.alerts.accept(alert, '{}', alertId, `alert-${alertId}`);
  const kinds = { 'service-principal': 100_000, 'service-account': 100_000 };
  const budget = { containmentsPerHour: 100_000, perAccount: 100_000, perKind: kinds };
  const oneApprover = { large: { approvals: 1 } };
  const config = configSchema.parse({
    mode: 'approve',
    approval: oneApprover,
    budget,
    ...cloud.section(cloud.actions),
  });
  const providers = { [principal.cloud]: cloud.provider(TIMEOUT_MS.other) };
  const { store, verifier } = office;
  const dependencies: ContainmentDependencies = { config, store, verifier, providers, now: () => new Date() };
  const plan = await planAtLast(() => planContainment({ caseId, principal, alertIds: [alertId] }, dependencies));
  expect(plan).toMatchObject({ obstacles: [], caveats: [] });
  const decisions = [await approval(plan, office.signer)];
  return { cloud, suspect, plan, decisions, alertIds: [alertId], dependencies };
}

/** As Temporal does: a connection that an earlier double left behind may break at its first use. */
async function planAtLast(make: () => Promise<Plan>): Promise<Plan> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof CordonFailure) || error.final || tries === 5) throw error;
    }
  }
}

function impatient(approved: Approved): Approved {
  const { cloud, suspect, dependencies } = approved;
  const providers = { [suspect.principal.cloud]: cloud.provider(TIMEOUT_MS.silent) };
  return { ...approved, dependencies: { ...dependencies, providers } };
}

function carryOut({ plan, decisions, dependencies }: Approved, sequence: number): Promise<End> {
  const planned = plan.actions[sequence];
  if (!planned) throw new Error(`The plan has no action ${sequence}.`);
  return asTemporalWould({ plan, planned, decisions }, dependencies);
}

async function disturb(
  point: Point,
  approved: Approved,
  undisturbed: readonly string[],
  office: Office,
): Promise<readonly string[]> {
  const { cloud, suspect, plan } = approved;
  const { ledger } = office.store;
  const wrong: string[] = [];
  const count = counting();
  let key = '';
  let met = false;
  cloud.interfere(async ({ operation, write }) => {
    if (write && !(await ledger.find('intent', key))) wrong.push(`${operation} unrecorded`);
    const since = operation === point.operation ? count(operation) - point.occurrence : -1;
    const hit = since >= 0 && since < SPANS[point.span];
    met ||= hit;
    return hit ? point.fault : undefined;
  });
  const under = point.fault === 'silent' ? impatient(approved) : approved;
  const ends: End[] = [];
  for (const { sequence, idempotencyKey } of plan.actions) {
    key = idempotencyKey;
    const before = cloud.stateOf(suspect);
    const end = await carryOut(under, sequence);
    const after = cloud.stateOf(suspect);
    const says = (what: string) => wrong.push(`action ${sequence}: ${what}; it said ${end.status}: ${end.detail}`);
    const outcome = JSON.stringify((await ledger.find('outcome', key))?.body['status'] ?? null);
    const clean = ends.every(({ status }) => status === 'done');
    if (end.status === 'done' && outcome !== '"applied"') says(`done, but the outcome is ${outcome}`);
    if (end.status === 'done' && clean && after !== undisturbed[sequence]) says(`done, but the state is ${after}`);
    if (end.status === 'failed' && after !== before) says(`without effect, but the state is ${after}`);
    if (end.status !== 'done' && outcome === '"applied"') says('the ledger says applied');
    ends.push(end);
  }
  if (!met) wrong.push('the fault was never met');
  const passes = point.fault !== 'denied' && point.span !== 'for-good';
  if (passes) wrong.push(...unfinished(ends).map((what) => `it was over, and ${what}`));
  wrong.push(...(await wrongsOfProof(under)));
  cloud.clear();
  wrong.push(...(await wrongsOfRepeat(approved, ends, undisturbed)));
  await cloud.stop();
  return wrong;
}

function unfinished(ends: readonly End[]): readonly string[] {
  return ends.filter(({ status }) => status !== 'done').map(({ status, detail }) => `it said ${status}: ${detail}`);
}

/** Under the fault still: a proof that can't be made is none. */
async function wrongsOfProof({ cloud, suspect, plan, alertIds, dependencies }: Approved): Promise<readonly string[]> {
  const since = new Date().toISOString();
  const check = { planDigest: plan.digest, since, requireLog: true, alertIds };
  const proof = await verifyContainment(check, dependencies).catch(() => null);
  if (proof?.status !== 'clean') return [];
  cloud.clear();
  return (await cloud.accepted(suspect)).map((what) => `proved, and there is still ${what}`);
}

/** What was left unknown is finished by another try; what is done is not done again; what was refused stays as it is. */
async function wrongsOfRepeat(
  approved: Approved,
  ends: readonly End[],
  undisturbed: readonly string[],
): Promise<readonly string[]> {
  const { cloud, suspect, plan } = approved;
  const wrong: string[] = [];
  for (const { sequence } of plan.actions) {
    const { status } = ends[sequence] ?? {};
    if (status === 'failed') continue;
    const changes = cloud.changesOf(suspect).length;
    const again = await carryOut(approved, sequence);
    if (again.status !== 'done') wrong.push(`action ${sequence} repeated said ${again.status}: ${again.detail}`);
    if (status === 'done' && cloud.changesOf(suspect).length > changes) wrong.push(`action ${sequence} was made again`);
  }
  if (ends.every(({ status }) => status !== 'failed') && cloud.stateOf(suspect) !== undisturbed.at(-1))
    wrong.push(`repeated, the state is ${cloud.stateOf(suspect)}`);
  const changes = cloud.changesOf(suspect);
  const twice = changes.filter((change, index) => changes.indexOf(change) !== index);
  return [...wrong, ...twice.map((change) => `made twice: ${change}`)];
}

/** Every write, and of each kind of read the first. CORDON_FULL_SWEEP=1 takes every call, every fault, and faults of every length. */
function pointsOf(places: readonly Place[]): readonly Point[] {
  return places.flatMap((place) => {
    if (!FULL && !place.write && place.occurrence > 1) return [];
    const faults = FULL ? CALL_FAULTS : place.write ? OF_WRITES : OF_READS;
    return faults.flatMap((fault) => spansOf(place, fault).map((span) => ({ ...place, fault, span })));
  });
}

function spansOf({ write }: Place, fault: CallFault): readonly Point['span'][] {
  if (FULL) return ['once', 'a-try', 'for-good'];
  if (!write) return ['for-good'];
  return LASTING.has(fault) ? ['once', 'for-good'] : ['once'];
}

function counting(): (operation: string) => number {
  const seen = new Map<string, number>();
  return (operation) => {
    const occurrence = (seen.get(operation) ?? 0) + 1;
    seen.set(operation, occurrence);
    return occurrence;
  };
}

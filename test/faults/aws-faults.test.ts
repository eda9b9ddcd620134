import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { canonicalJson } from '../../src/domain/canonical.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { AWS_ACTIONS } from '../../src/providers/aws/actions/index.ts';
import type { Stage } from '../providers/aws/stage.ts';
import { buildStage } from '../providers/aws/stage.ts';
import { FAULTS, startFaultProxy, type Fault, type FaultProxy, type ProxiedCall } from '../support/fault-proxy.ts';
import { startMiniStack, type MiniStack } from '../support/processes/ministack.ts';
import { asTemporalWould, type End } from './as-temporal.ts';
import type { Office, Suspect } from './suspect.ts';
import { accepted, containmentThrough, newKeys, newSuspect, openOffice, stateOf, storedKey } from './suspect.ts';

/** How long a fault lasts from the call that it begins at: `a-try` outlasts the three tries of the SDK. */
const SPANS = { once: 1, 'a-try': 3, 'for-good': Infinity } as const;
type Span = keyof typeof SPANS;

interface Point {
  readonly call: ProxiedCall;
  readonly fault: Fault;
  readonly span: Span;
}

/** At once; each has a proxy and a suspect of its own. */
const LANES = 20;
const FULL = process.env['CORDON_FULL_SWEEP'] === '1';

let ministack: MiniStack;
let stage: Stage;
let office: Office;
let proxies: readonly FaultProxy[];

beforeAll(async () => {
  ministack = await startMiniStack();
  stage = await buildStage(ministack);
  office = await openOffice();
  proxies = await Promise.all(Array.from({ length: LANES }, () => startFaultProxy(ministack.url)));
});
afterAll(async () => {
  await Promise.all((proxies ?? []).map((proxy) => proxy.stop()));
  await office?.close();
  await ministack?.stop();
});

/**
 * One of each way to change IAM: a document put, many switched one by one, a document merged, a creation. The others are made of the same
 * parts, and the contract suite breaks each of their writes; the full sweep takes them all.
 */
const SWEPT = FULL
  ? Object.keys(AWS_ACTIONS)
  : ['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions', 'rotate-access-key', 'close-role-trust'];

describe.each(SWEPT)('%s under faults of AWS', (action) => {
  let undisturbed: { readonly before: JsonObject; readonly after: JsonObject; readonly calls: readonly ProxiedCall[] };

  beforeAll(async () => {
    const [proxy] = proxies;
    if (!proxy) throw new Error('There is no proxy.');
    const suspect = await newSuspect(action, stage, office);
    const before = await stateOf(stage, suspect, suspect.caseId);
    proxy.clear();
    const end = await asTemporalWould(suspect, containmentThrough(proxy.url, stage, office));
    undisturbed = { before, after: await stateOf(stage, suspect, suspect.caseId), calls: proxy.calls };
    if (end.status !== 'done') throw new Error(`Undisturbed, it must be done; it said ${end.status}: ${end.detail}`);
  });

  it('changes something when nothing disturbs it', () => {
    expect(undisturbed.after).not.toEqual(undisturbed.before);
    expect(undisturbed.calls.some(({ write }) => write)).toBe(true);
  });

  it.each(FAULTS)('%s: never ends in a lie, an orphan or an unrecorded change', { timeout: 600_000 }, async (fault) => {
    const points = pointsOf(undisturbed.calls, fault);
    expect(points.length).toBeGreaterThan(new Set(undisturbed.calls.map(({ operation }) => operation)).size);
    const wrongs = await inLanes(points, async (point, proxy) => {
      const suspect = await newSuspect(action, stage, office);
      const wrong = await disturb(point, suspect, proxy);
      return wrong.map((what) => `${fault} ${point.span} from ${nameOf(point.call)}: ${what}`);
    });
    expect(wrongs).toEqual([]);
    expect((await office.store.ledger.verify()).status).toBe('intact');
  });

  async function disturb(point: Point, suspect: Suspect, proxy: FaultProxy): Promise<readonly string[]> {
    const wrong: string[] = [];
    const { planned } = suspect;
    const { ledger } = office.store;
    proxy.clear();
    proxy.interfere(async (call) => {
      if (call.write && !(await ledger.find('intent', planned.idempotencyKey)))
        wrong.push(`${nameOf(call)} unrecorded`);
      return hits(point, call) ? point.fault : undefined;
    });
    const dependencies = containmentThrough(proxy.url, stage, office);
    const end = await asTemporalWould(suspect, dependencies);
    const reached = proxy.calls.some((call) => hits(point, call));
    proxy.clear();
    if (!reached) wrong.push('the fault was never met');
    const intent = await ledger.find('intent', planned.idempotencyKey);
    if (intent && !samePrior(intent.body['prior'] as JsonObject, suspect.prior))
      wrong.push('the prior state is not the prior');
    return [...wrong, ...(await wrongsOfEnd(end, point, suspect)), ...(await wrongsOfRepeat(end, suspect, proxy))];
  }

  async function wrongsOfEnd(end: End, { call, fault, span }: Point, suspect: Suspect): Promise<readonly string[]> {
    const wrong: string[] = [];
    const state = canonicalJson(await stateOf(stage, suspect, suspect.caseId));
    const says = (what: string) => wrong.push(`${what}; it said ${end.status}: ${end.detail}`);
    const outcome = await office.store.ledger.find('outcome', suspect.planned.idempotencyKey);
    if (end.status === 'done') {
      if (outcome?.body['status'] !== 'applied') says('done, but the ledger has no such outcome');
      if (state !== canonicalJson(undisturbed.after)) says(`done, but the state is ${state}`);
      if ((await accepted(stage, stoppedBy(action, suspect))).length > 0) says('still accepted');
    }
    if (end.status === 'failed' && state !== canonicalJson(undisturbed.before)) {
      says(`without effect, but the state is ${state}`);
    }
    if (end.status !== 'done' && outcome?.body['status'] === 'applied') says('the ledger says applied');
    if (end.status !== 'unknown') {
      const result = (outcome?.body['result'] ?? {}) as JsonObject;
      const orphans = (await newKeys(stage, suspect)).filter((id) => id !== result['accessKeyId']);
      if (orphans.length > 0) says('there is an orphan');
      if (
        action === 'rotate-access-key' &&
        (await storedKey(stage, suspect.caseId)) !== (result['accessKeyId'] ?? null)
      ) {
        says('the secret holds another key than the ledger');
      }
    }
    const passes = fault !== 'denied' && span !== 'for-good' && suspect.planned.effect === 'declarative';
    if (passes && end.status !== 'done') says('it was over, and nothing was done');
    if (fault === 'denied' && end.status !== 'done' && !end.detail.includes(`${call.service}:${call.operation}`)) {
      says('the missing permission is not named');
    }
    if (fault === 'denied' && span === 'for-good' && end.status === 'done') says('done without the permission');
    return wrong;
  }

  /** What is done is not done again. */
  async function wrongsOfRepeat(end: End, suspect: Suspect, proxy: FaultProxy): Promise<readonly string[]> {
    if (end.status !== 'done') return [];
    const { status, detail } = await asTemporalWould(suspect, containmentThrough(proxy.url, stage, office));
    const again = proxy.calls.filter(({ write }) => write).map(nameOf);
    return [
      ...(status === 'done' ? [] : [`a second call said ${status}: ${detail}`]),
      ...(again.length > 0 ? [`a second call wrote again: ${again.join(', ')}`] : []),
    ];
  }

  function samePrior(recorded: JsonObject, truth: JsonObject): boolean {
    const chosen = stage.provider.actions[action]?.chosenInPrior ?? [];
    const state = (prior: JsonObject) =>
      canonicalJson(Object.fromEntries(Object.entries(prior).filter(([name]) => !chosen.includes(name))));
    return state(recorded) === state(truth);
  }
});

/**
 * Every write, and the first of each read, meets every fault once, and most for longer as well. CORDON_FULL_SWEEP=1 takes all.
 * A call that is denied is not tried again, so that once and for a whole try are the same.
 */
function pointsOf(calls: readonly ProxiedCall[], fault: Fault): readonly Point[] {
  const swept = calls.filter(({ write, occurrence }) => FULL || write || occurrence === 1);
  return swept.flatMap((call) => {
    const spans: Span[] = ['once'];
    if (fault !== 'denied' && (FULL || call.write)) spans.push('a-try');
    if (FULL || (!WAITED_FOR.has(fault) && (call.write || ANSWERED.has(fault)))) spans.push('for-good');
    return spans.map((span) => ({ call, fault, span }));
  });
}

const ANSWERED: ReadonlySet<Fault> = new Set(['unavailable', 'denied']);
/** For good they differ from `unavailable` in nothing but the half minute that every try waits. */
const WAITED_FOR: ReadonlySet<Fault> = new Set(['throttled', 'silent']);

function hits({ call, span }: Point, { service, operation, occurrence }: ProxiedCall): boolean {
  const since = occurrence - call.occurrence;
  return service === call.service && operation === call.operation && since >= 0 && since < SPANS[span];
}

/** The others stop other credentials, some calls, or give a new key. */
const STOPS_KEYS: ReadonlySet<string> = new Set([
  'deny-principal',
  'deactivate-access-keys',
  'revoke-role-sessions',
  'delete-access-keys',
]);

/** Which credentials the action alone must stop. */
function stoppedBy(action: string, { keys, session }: Suspect) {
  return STOPS_KEYS.has(action) ? (session ? [session] : keys) : [];
}

function nameOf({ service, operation, occurrence }: ProxiedCall): string {
  return `${service}:${operation} #${occurrence}`;
}

/** A lane that breaks leaves its points to the others; the sweep fails when all have ended, so that none runs into the next. */
async function inLanes(
  points: readonly Point[],
  run: (point: Point, proxy: FaultProxy) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const left = [...points];
  const wrongs: string[] = [];
  const lanes = proxies.map(async (proxy) => {
    for (let point = left.shift(); point; point = left.shift()) wrongs.push(...(await run(point, proxy)));
  });
  for (const lane of await Promise.allSettled(lanes)) if (lane.status === 'rejected') throw lane.reason;
  return wrongs;
}

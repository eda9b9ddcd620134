import type { Config } from '../../src/config/schema.ts';
import type { CaseState } from '../../src/domain/case.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { Fault, ProxiedCall } from '../support/fault-proxy.ts';
import { type KillableCordon, type OpenCase, until } from './killable-cordon.ts';
import { isAbout, newPerson, type Person, stateOf } from './suspect.ts';

/** Declarative changes and one that creates; a case of one user with one key. */
export const ACTIONS = ['deny-principal', 'deactivate-access-keys', 'rotate-access-key'] as const;
/** Long enough for two looks, short enough for a test. */
export const SHORT_WATCH: Config['watch'] = { hours: 4 / 3600, everyMinutes: 2 / 60 };
export const FULL = process.env['CORDON_FULL_SWEEP'] === '1';
export const SWEPT = FULL ? 'every call' : 'some calls of every state (CORDON_FULL_SWEEP=1: in every call)';
/** Cases at once: below the activities that a worker runs at once. */
export const WAVE = 16;

/** Where a case is held: in a call of the cloud, while it waits for its approval, or with the approval on its way. */
export interface HoldPoint {
  readonly state: CaseState | 'approving';
  readonly call?: {
    readonly name: string;
    /** From 1, in this state. */
    readonly occurrence: number;
    /** AWS carries it out, and the answer is lost. */
    readonly effect: boolean;
  };
}

export interface Recorded {
  readonly calls: readonly (Pick<ProxiedCall, 'write'> & { readonly state: CaseState; readonly name: string })[];
  /** Of the account, afterwards. */
  readonly state: JsonObject;
}

export interface HeldCase<Point extends HoldPoint = HoldPoint> {
  readonly point: Point;
  readonly person: Person;
  readonly opened: OpenCase;
}

/** Every call of one case that nothing disturbs, and what it leaves. */
export async function recordUndisturbed(cordon: KillableCordon): Promise<Recorded> {
  const { stage, proxy } = cordon;
  const person = await newPerson(stage, 1, false);
  const calls: Recorded['calls'][number][] = [];
  const caseIds: string[] = [];
  proxy.interfere(async (call) => {
    if (isAbout(person, call)) calls.push({ ...nameOf(call), state: await stateOfCase(cordon, caseIds[0]) });
    return undefined;
  });
  const opened = await cordon.openCase(person);
  caseIds.push(opened.caseId);
  await opened.asked();
  await opened.approve();
  const end = await opened.end();
  proxy.clear();
  if (end !== 'CLOSED' && end !== 'CONTAINED') throw new Error(`The case that nothing disturbed ended as ${end}.`);
  return { calls, state: await stateOf(stage, person, opened.caseId) };
}

function nameOf({ service, operation, write }: ProxiedCall) {
  return { name: `${service}:${operation}`, write };
}

/** The record is written before the state's first call; before the first record a plan is being made. */
async function stateOfCase({ store }: KillableCordon, caseId = ''): Promise<CaseState> {
  return (await store.cases.get(caseId))?.state ?? 'ENRICHING';
}

/** Every write with and without its effect, and every read; or each state once, and two changes that were made. */
export function holdPoints({ calls }: Recorded): readonly HoldPoint[] {
  const inCalls = calls.flatMap(({ state, name, write }, index): HoldPoint[] => {
    const occurrence = calls.slice(0, index + 1).filter((one) => one.state === state && one.name === name).length;
    const call = { name, occurrence, effect: false };
    if (FULL) return [call, ...(write ? [{ ...call, effect: true }] : [])].map((one) => ({ state, call: one }));
    const firstInState = calls.findIndex((one) => one.state === state) === index;
    if (write) return SAMPLED.includes(name) ? [{ state, call: { ...call, effect: true } }] : [];
    return firstInState && state !== 'CONTAINING' ? [{ state, call }] : [];
  });
  return [...inCalls, { state: 'AWAITING_APPROVAL' }, { state: 'approving' }];
}

/** One of a declarative action, one of a creating one. */
const SAMPLED = ['iam:UpdateAccessKey', 'iam:CreateAccessKey'];

export function titleOf({ state, call }: HoldPoint): string {
  return call ? `${state}, ${call.name} #${call.occurrence}${call.effect ? ' with its effect' : ''}` : state;
}

/** Cases that each hang at a point of their own. Until `release` nothing more of them reaches AWS. */
export async function holdCases<Point extends HoldPoint>(cordon: KillableCordon, points: readonly Point[]) {
  const free = Promise.withResolvers<void>();
  let released = false;
  const held = new Set<Person>();
  const opening = new Map<Person, Promise<HeldCase<Point>>>();
  const seen = new Map<Person, string[]>();
  cordon.proxy.interfere(async (call): Promise<Fault | undefined> => {
    const person = [...opening.keys()].find((each) => isAbout(each, call));
    const one = person && !released && (await opening.get(person));
    if (!one) return undefined;
    const first = !held.has(person);
    if (first && !(await isAt(one, call))) return undefined;
    held.add(person);
    await free.promise;
    return first && one.point.call?.effect ? 'lost' : 'reset';
  });

  async function isAt({ point, person, opened }: HeldCase, call: ProxiedCall): Promise<boolean> {
    const state = await stateOfCase(cordon, opened.caseId);
    const names = [...(seen.get(person) ?? []), `${state} ${nameOf(call).name}`];
    seen.set(person, names);
    const wanted = point.call && `${point.state} ${point.call.name}`;
    return names.at(-1) === wanted && names.filter((each) => each === wanted).length === point.call?.occurrence;
  }

  const cases: HeldCase<Point>[] = [];
  for (const point of points) {
    const person = await newPerson(cordon.stage, 1, false);
    const one = (async () => ({ point, person, opened: await cordon.openCase(person) }))();
    opening.set(person, one);
    cases.push(await one);
  }
  await bringToTheirPoints(cases, (some) => until(async () => some.every(({ person }) => held.has(person))));
  return {
    cases,
    /** The calls fail, or have their effect and then fail; from now on all get through. */
    release: () => {
      released = true;
      free.resolve();
    },
  };
}

/** Furthest first, so that all are held at about the same time; a creating call hangs for four seconds only. */
async function bringToTheirPoints(
  cases: readonly HeldCase[],
  areHeld: (some: readonly HeldCase[]) => Promise<void>,
): Promise<void> {
  const inState = (state: string) => cases.filter(({ point }) => point.state === state);
  for (const { point, opened } of cases) if (point.state !== 'ENRICHING') await opened.asked();
  await areHeld(inState('ENRICHING'));
  const creates = ({ point }: HeldCase) => /:Create/u.test(point.call?.name ?? '');
  const containing = inState('CONTAINING');
  const others = containing.filter((one) => !creates(one));
  for (const some of [inState('MONITORING'), inState('VERIFYING'), others, containing.filter(creates)]) {
    for (const { opened } of some) await opened.approve();
    await areHeld(some);
  }
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CaseState } from '../../src/domain/case.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { ProxiedCall } from '../support/fault-proxy.ts';
import type { KillableCordon, OpenCase } from './killable-cordon.ts';
import { startKillableCordon, until } from './killable-cordon.ts';
import { accepted, isAbout, newKeys, newPerson, stateOf, storedKey, type Person } from './suspect.ts';

/** The worker dies while this call of one case is on its way; `effect`: AWS carries it out all the same. */
interface KillPoint {
  readonly service: string;
  readonly operation: string;
  /** From 1, among the calls of its case after the approval. */
  readonly occurrence: number;
  readonly effect: boolean;
}

/** A case that is to be held at its point, and what is known of it. */
interface Held {
  readonly point: KillPoint;
  readonly person: Person;
  readonly opened: OpenCase;
  heldSinceMs: number | undefined;
  readonly seen: string[];
}

const FULL = process.env['CORDON_FULL_SWEEP'] === '1';
const SWEPT = FULL ? 'every call' : 'each write and every tenth read (CORDON_FULL_SWEEP=1: in every call)';
/** Cases in one process at once: below the activities that a worker runs at once. */
const WAVE = 12;
const HONEST: readonly CaseState[] = ['CONTAINED', 'PARTIAL', 'OUTCOME_UNKNOWN'];
/**
 * How long the SDK lets a call hang before the activity goes on without it: then the worker would not die in this call. Creating
 * calls are made once, 4 s; the others three times.
 */
const STILL_IN_THE_CALL_MS = { creating: 3_500, other: 11_000 };

let cordon: KillableCordon;
beforeAll(async () => void (cordon = await startKillableCordon()));
afterAll(() => cordon?.stop());

const PLANS = [
  {
    name: 'the default plan',
    actions: ['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions'],
    keys: 2,
    role: true,
  },
  { name: 'a rotation', actions: ['deny-principal', 'rotate-access-key'], keys: 1, role: false },
] as const;

describe.each(PLANS)('a worker that is killed amid $name', ({ actions, keys, role }) => {
  it(
    `in ${SWEPT} leaves what it would have left undisturbed, or says that it did not`,
    { timeout: 600_000 },
    async ({ annotate }) => {
      const { stage, store } = cordon;
      await cordon.startWorker(actions);
      const undisturbed = await recordUndisturbed();
      const points = killPoints(undisturbed.calls);
      const ends: string[] = [];
      const wrongs: string[] = [];
      let left = points;
      for (let rounds = 0; left.length > 0; rounds += 1) {
        if (rounds > points.length) throw new Error(`The worker was never killed in ${left.map(nameOf).join(', ')}.`);
        const wave = await killAmid(left.slice(0, WAVE));
        const late = wave.filter((held) => !diedInTheCall(held)).map(({ point }) => point);
        left = [...left.slice(WAVE), ...late];
        for (const held of wave) {
          const end = await held.opened.end();
          if (diedInTheCall(held)) ends.push(`${nameOf(held.point)}: ${end}`);
          wrongs.push(...(await wrongsOf(held, end)).map((wrong) => `${nameOf(held.point)}: ${wrong} (${end})`));
        }
      }
      await cordon.killWorker();
      await annotate(`Killed in ${ends.length} calls\n${ends.toSorted().join('\n')}`);
      expect(wrongs).toEqual([]);
      expect(ends).toHaveLength(points.length);
      expect((await store.ledger.verify()).status).toBe('intact');

      async function recordUndisturbed(): Promise<{ calls: readonly ProxiedCall[]; state: JsonObject }> {
        const person = await newPerson(stage, keys, role);
        const opened = await cordon.openCase(person);
        const calls: ProxiedCall[] = [];
        await opened.asked();
        cordon.proxy.interfere((call) => void (isAbout(person, call) && calls.push(call)));
        await opened.approve();
        expect(await opened.end()).toBe('CONTAINED');
        cordon.proxy.clear();
        return { calls, state: await stateOf(stage, person, opened.caseId) };
      }

      /** One process, many cases, each held in another call; then kill -9, and another process takes over. */
      async function killAmid(wave: readonly KillPoint[]): Promise<readonly Held[]> {
        const cases: Held[] = [];
        for (const point of wave) {
          const person = await newPerson(stage, keys, role);
          cases.push({ point, person, opened: await cordon.openCase(person), heldSinceMs: undefined, seen: [] });
        }
        for (const { opened } of cases) await opened.asked();
        const dead = Promise.withResolvers<void>();
        let alive = true;
        cordon.proxy.interfere(async (call) => {
          const held = cases.find(({ person }) => isAbout(person, call));
          if (!held || !alive) return undefined;
          const first = held.heldSinceMs === undefined;
          held.seen.push(`${call.service}:${call.operation}`);
          if (first && !isAt(held)) return undefined;
          held.heldSinceMs ??= Date.now();
          await dead.promise;
          return first && held.point.effect ? 'lost' : 'reset';
        });
        // The longest way first, so that all are held at about the same time.
        const wayOf = ({ point }: Held) =>
          undisturbed.calls.findLastIndex((call) => call.operation === point.operation);
        const ordered = cases.toSorted((one, other) => wayOf(other) - wayOf(one));
        for (const { opened } of ordered) await opened.approve();
        await until(async () => cases.every(({ heldSinceMs }) => heldSinceMs !== undefined));
        await cordon.killWorker();
        const diedAtMs = Date.now();
        alive = false;
        dead.resolve();
        for (const held of cases) held.heldSinceMs = diedAtMs - (held.heldSinceMs ?? 0);
        await cordon.startWorker(actions);
        return cases;
      }

      async function wrongsOf({ person, opened }: Held, end: CaseState): Promise<readonly string[]> {
        const wrong: string[] = [];
        if (!HONEST.includes(end)) wrong.push('ends in another state');
        const still = await accepted(stage, [...person.keys, ...(person.session ? [person.session] : [])]);
        const state = await stateOf(stage, person, opened.caseId);
        if (end === 'CONTAINED' && still.length > 0) wrong.push(`AWS still accepts ${still.join(', ')}`);
        if (end === 'CONTAINED' && JSON.stringify(state) !== JSON.stringify(undisturbed.state))
          wrong.push(`the state is ${JSON.stringify(state)}`);
        const stored = await storedKey(stage, opened.caseId);
        const orphans = (await newKeys(stage, person)).filter((id) => id !== stored);
        if (orphans.length > 0) wrong.push(`orphans ${orphans.join(', ')}`);
        const entries = await store.ledger.ofCase(opened.caseId);
        const made = entries.filter(({ type }) => type === 'outcome').map(({ body }) => body['result'] as JsonObject);
        if (stored !== null && !made.some((result) => result?.['accessKeyId'] === stored))
          wrong.push('a key is stored that the ledger does not know');
        return wrong;
      }
    },
  );
});

function isAt({ point, seen }: Held): boolean {
  const { service, operation, occurrence } = point;
  const name = `${service}:${operation}`;
  return seen.at(-1) === name && seen.filter((one) => one === name).length === occurrence;
}

function diedInTheCall({ point, heldSinceMs = Infinity }: Held): boolean {
  const creating = point.operation.startsWith('Create');
  return heldSinceMs < (creating ? STILL_IN_THE_CALL_MS.creating : STILL_IN_THE_CALL_MS.other);
}

/** Every write, with and without effect, and every tenth read. A call of Cordon about itself can't be told from another case's. */
function killPoints(calls: readonly ProxiedCall[]): readonly KillPoint[] {
  const seen: string[] = [];
  let reads = 0;
  return calls.flatMap(({ service, operation, write }) => {
    seen.push(`${service}:${operation}`);
    const occurrence = seen.filter((one) => one === `${service}:${operation}`).length;
    const point = { service, operation, occurrence, effect: false };
    if (write) return [point, { ...point, effect: true }];
    reads += 1;
    return FULL || reads % 10 === 1 ? [point] : [];
  });
}

function nameOf({ service, operation, occurrence, effect }: KillPoint): string {
  return `${service}:${operation} #${occurrence}${effect ? ' with its effect' : ''}`;
}

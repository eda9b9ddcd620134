import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Action, Provider } from '../../src/providers/port.ts';
import type { Environment } from './confirmation.ts';

/** What the suite itself makes may take its time; Cordon's own calls are under test with their own limit. */
export const PATIENT_MS = 30_000;

export interface Pace {
  /** How long reads must have been the same before they are believed. Milliseconds; 0: the first read is. */
  readonly quietMs: number;
  readonly everyMs: number;
  /** After this long it is a failure. */
  readonly limitMs: number;
}

/** CORDON_LIVE_QUIET_SECONDS: longer for an account that is slow, 0 for a double that is not. */
export function paceOf(environment: Environment, usualSeconds: number): Pace {
  const quietMs = Number(environment['CORDON_LIVE_QUIET_SECONDS'] ?? usualSeconds) * 1000;
  if (!(quietMs >= 0)) throw new Error('CORDON_LIVE_QUIET_SECONDS is no number of seconds.');
  return { quietMs, everyMs: Math.min(2_000, Math.max(20, quietMs)), limitMs: 15 * 60_000 };
}

/** Reads until the answer has not changed for a while: real clouds answer with the state of before for some seconds. */
export async function settled<State>(read: () => Promise<State>, { quietMs, everyMs, limitMs }: Pace): Promise<State> {
  const started = Date.now();
  let state = await read();
  for (let since = Date.now(); Date.now() - since < quietMs;) {
    if (Date.now() - started > limitMs)
      throw new Error(`What the cloud answers has not settled in ${limitMs / 1000} s.`);
    await sleep(everyMs);
    const next = await read();
    if (!isDeepStrictEqual(next, state)) since = Date.now();
    state = next;
  }
  return state;
}

/** After this long a refusal is none of something that is not known everywhere yet. */
const KNOWN_AFTER_MS = 5 * 60_000;

/** Tries until it goes well, for what was just made. The last error is thrown; at once where nothing has to settle. */
export async function eventually<Answer>(ask: () => Promise<Answer>, { quietMs, everyMs }: Pace): Promise<Answer> {
  for (const started = Date.now(); ;) {
    try {
      return await ask();
    } catch (error) {
      if (quietMs === 0 || Date.now() - started > KNOWN_AFTER_MS) throw error;
      await sleep(everyMs);
    }
  }
}

/** The same provider, whose actions wait for what was written before to be read everywhere. */
export function patient(provider: Provider, wait: () => Promise<unknown>): Provider {
  const after = async <Answer>(act: () => Promise<Answer>): Promise<Answer> => {
    await wait();
    return act();
  };
  const actions = Object.entries(provider.actions).map(([id, action]): [string, Action] => [
    id,
    {
      ...action,
      preflight: (request) => after(() => action.preflight(request)),
      apply: (...input) => after(() => action.apply(...input)),
      verify: (...input) => after(() => action.verify(...input)),
      revert: (...input) => after(() => action.revert(...input)),
    },
  ]);
  return { ...provider, actions: Object.fromEntries(actions) };
}

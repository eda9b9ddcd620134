import { CordonFailure } from '../../contracts/failures.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Preflight } from '../port.ts';

const NO_CALLS = { calls: [], mayBreak: [], obstacles: [] } as const;

/**
 * What the suspect left is not as the log shows it, or can't be put back: it is left alone. The plan says so, and is carried out
 * without it: an obstacle would let whoever plants something odd keep the whole plan from being carried out.
 *
 * There is no prior state that a change could start from: `apply` judges what it meets before it reads that.
 */
export function leftToAPerson(why: string): Preflight {
  return { ...NO_CALLS, prior: {}, alreadySo: false, caveats: [`${why} ${LOOK}`] };
}

/** The same, found out when the change was to be made. Final: nothing was changed, and trying again changes nothing of it. */
export function refuseForAPerson(why: string): CordonFailure {
  return new CordonFailure('TargetRefused', `${why} It is left as it is. ${LOOK}`);
}

/** It is as wanted already, or gone, so that nothing of it can be used. `caveats`: what a person must know of it all the same. */
export function nothingToDo(prior: JsonObject, caveats: readonly string[] = []): Preflight {
  return { ...NO_CALLS, prior, alreadySo: true, caveats };
}

const LOOK = 'Look at it, and undo it by hand.';

/** How far the moment of an event may be from the one that IAM gives to what the call made, in milliseconds. */
const TOLERANCE_MS = 5_000;

/** Whether something was made by the call of that moment, and not by a later one under the same name. ISO 8601. */
export function madeAt(createdAt: Date | undefined, at: string): boolean {
  return createdAt !== undefined && Math.abs(createdAt.getTime() - Date.parse(at)) <= TOLERANCE_MS;
}

/** Whether something is younger than what was done to one of its name at that moment: it is another one. ISO 8601. */
export function madeAfter(createdAt: Date | undefined, at: string): boolean {
  return createdAt !== undefined && createdAt.getTime() - Date.parse(at) > TOLERANCE_MS;
}

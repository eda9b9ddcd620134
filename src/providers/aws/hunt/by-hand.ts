import { CordonFailure } from '../../../contracts/failures.ts';
import type { Preflight } from '../../port.ts';

/**
 * What the suspect left is not as the log shows it, or can't be put back: it is left alone. The plan says so, and is carried out
 * without it: an obstacle would let whoever plants something odd keep the whole plan from being carried out.
 */
export function leftToAPerson(why: string): Preflight {
  return { prior: {}, alreadySo: false, calls: [], mayBreak: [], obstacles: [], caveats: [`${why} ${LOOK}`] };
}

/** The same, found out when the change was to be made. */
export function refuseForAPerson(why: string): CordonFailure {
  return new CordonFailure('TargetRefused', `${why} It is left as it is. ${LOOK}`);
}

const LOOK = 'Look at it, and undo it by hand.';

/** How far the moment of an event may be from the one that IAM gives to what the call made, in milliseconds. */
const TOLERANCE_MS = 5_000;

/** Whether something was made by the call of that moment, and not by a later one under the same name. ISO 8601. */
export function madeAt(createdAt: Date | undefined, at: string): boolean {
  return createdAt !== undefined && Math.abs(createdAt.getTime() - Date.parse(at)) <= TOLERANCE_MS;
}

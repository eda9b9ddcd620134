import type { Principal } from '../../src/domain/principal.ts';
import type { Provider } from '../../src/providers/port.ts';
import type { CloudOfWorkers } from './killable-cordon.ts';

/** What can become of a call on its way. `lost` is the only one that takes effect before it fails. */
export const CALL_FAULTS = ['throttled', 'unavailable', 'denied', 'conflict', 'silent', 'reset', 'lost'] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

/** One call as it came in at a double. */
export interface CloudCall {
  /** Equal for the same call about another suspect: `DELETE /subscriptions/ID/…/roleAssignments/ID`. */
  readonly operation: string;
  readonly write: boolean;
  /** All that was sent: tells about whom the call is. */
  readonly text: string;
}

export interface CloudSuspect {
  readonly principal: Principal;
  /** Ids that stand in the calls about this one, and in no others. */
  readonly marks: readonly string[];
}

/** Asked for each call; `undefined` lets it through. It may take its time: the call is held meanwhile. */
export type Decide = (call: CloudCall) => CallFault | undefined | Promise<CallFault | undefined>;

/** Azure or Google Cloud as a double, with suspects of one make in it, each contained by a plan of several actions. */
export interface SuspectedCloud extends CloudOfWorkers {
  /** That have something to do about each suspect. */
  readonly actions: readonly string[];
  /** How long Cordon's clients certainly wait for an answer that does not come. */
  readonly patienceMs: { readonly read: number; readonly write: number };
  /** As Cordon, in this process. */
  provider(callTimeoutMs: number): Provider;
  newSuspect(): Promise<CloudSuspect>;
  interfere(decide: Decide): void;
  /** Lets everything through again. */
  clear(): void;
  /** Cordon's calls about the suspect that changed something, the lost ones included, each as often as it did. */
  changesOf(suspect: CloudSuspect): readonly string[];
  /** Credentials that are still accepted and roles that are still there. */
  accepted(suspect: CloudSuspect): Promise<readonly string[]>;
  /** Everything about the suspect, without what differs from one to the next: equal for equal ends. */
  stateOf(suspect: CloudSuspect): string;
  /** As it is, to the letter, but for what no rollback can bring back. */
  restorableOf(suspect: CloudSuspect): string;
  stop(): Promise<void>;
}

export function isAbout({ marks }: CloudSuspect, { text }: Pick<CloudCall, 'text'>): boolean {
  return marks.some((mark) => text.includes(mark));
}

/** Asks about a call in these words, and answers in the double's own; keeps the calls whose answers get lost. */
export function askedInWords<Faulted, Kind>(
  callOf: (faulted: Faulted) => CloudCall,
  kinds: Readonly<Record<Exclude<CallFault, 'silent'>, Kind>>,
  lost: CloudCall[],
): (decide: Decide) => (faulted: Faulted) => Promise<Kind | undefined> {
  return (decide) => async (faulted) => {
    const call = callOf(faulted);
    const fault = await decide(call);
    if (fault === 'lost') lost.push(call);
    return fault === 'silent' ? new Promise<never>(() => undefined) : fault && kinds[fault];
  };
}

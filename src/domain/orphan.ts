import type { Cloud } from './cloud.ts';

/**
 * Something that stands in a cloud under Cordon's mark, as a sweep read it. Whoever may write there can put the same mark, with any
 * case in it: it proves nothing before the ledger says so.
 */
export interface Mark {
  /** As people of that cloud call it: `inline policy`, `role assignment`. */
  readonly kind: string;
  /** What stands where, by its exact name, on one line. */
  readonly name: string;
  /** What it was put on, as ledger entries name the targets of changes. Empty where that can't be told from what stands. */
  readonly targets: readonly string[];
  /** The actions that leave such a mark. */
  readonly leftBy: readonly string[];
  /** The case that the mark names; null where it names none that could be ours. */
  readonly caseId: string | null;
  /** The word by which the ledger names this very thing in what was asked for or made: a policy's name, an id. */
  readonly trace: string;
  /** How a person removes it. */
  readonly removal: string;
}

/** An active credential of an identity that Cordon changed. Credentials carry no mark: only the ledger knows which are Cordon's. */
export interface LooseCredential extends Omit<Mark, 'caseId' | 'targets'> {
  readonly target: string;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
}

/** What was found in one account. */
export interface MarkReading {
  readonly cloud: Cloud;
  readonly accountId: string;
  /** ISO 8601, UTC: before the first read. */
  readonly readAt: string;
  readonly marks: readonly Mark[];
  readonly credentials: readonly LooseCredential[];
  /** What could not be looked at, and why. Never taken for empty. */
  readonly unread: readonly string[];
}

/** Something that nobody looks after any more. Cordon removes none of it by itself. */
export interface Orphan {
  /** The same finding in a later sweep has the same key. */
  readonly key: string;
  readonly kind:
    /** Stands in a cloud under Cordon's mark, and by the ledger it should not. */
    | 'change'
    /** A credential of a contained identity that the ledger does not know. */
    | 'credential'
    /** The ledger says what was going to be changed, and not what came of it. */
    | 'intent'
    /** No workflow runs for a case that is not at rest. */
    | 'case'
    /** Could not be looked at. */
    | 'blind';
  /** Exact, on one line. */
  readonly name: string;
  readonly why: string;
  readonly remedy: string;
  /** Only one that the store knows. */
  readonly caseId?: string;
}

export interface OrphanReport {
  /** ISO 8601, UTC. */
  readonly sweptAt: string;
  /** Where was looked: cloud, account, and how much stands there under Cordon's mark. */
  readonly places: readonly { readonly cloud: Cloud; readonly accountId: string; readonly marks: number }[];
  readonly orphans: readonly Orphan[];
  /** Keys of those that people have not been told of. */
  readonly untold: readonly string[];
}

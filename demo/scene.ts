import type { Cloud } from '../src/domain/cloud.ts';
import type { ReadEvents, Window } from '../src/detections/window.ts';
import type { Snapshot } from './snapshot.ts';

/** What the cloud answered to one call. */
export interface Attempt {
  readonly allowed: boolean;
  /** The cloud's own code, null when the call passed. */
  readonly errorCode: string | null;
  /** Null where the client's library does not tell. */
  readonly httpStatus: number | null;
}

export interface Probe {
  readonly who: string;
  readonly call: string;
  /** Throws where the answer proves nothing: throttled, 5xx, a wrong request, no connection. */
  readonly attempt: () => Promise<Attempt>;
  /** What was taken away and nobody can put back: it stays refused after the rollback. */
  readonly gone?: true;
}

export interface Identity {
  /** As people call it. */
  readonly name: string;
  /** As the cloud's log names it. */
  readonly identity: string;
}

export interface Attack {
  /** What happened, line by line. */
  readonly told: readonly string[];
  /** Discovery calls of the attacker, and of the automation that is listed. */
  readonly calls: number;
  readonly sameOfAutomation: number;
  /** What the attacker holds. */
  readonly probes: readonly Probe[];
  /** Everybody else: none of them may notice the containment. */
  readonly bystanders: readonly Probe[];
  /** Whatever was minted meanwhile and must never be shown. */
  readonly secrets: readonly string[];
}

/** One cloud with a small company in it: all that the steps of the demo need to know of that cloud. */
export interface Scene {
  readonly cloud: Cloud;
  /** The emulator, as the demo introduces it. */
  readonly title: string;
  readonly url: string;
  /** Its log, as people call it. */
  readonly log: string;
  /** Who is there, line by line. */
  readonly company: readonly string[];
  readonly suspect: Identity;
  /** As busy as the attacker, and on the allowlist. */
  readonly automation: Identity;
  /** Parts of `cordon.yaml`. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** What Cordon's process reads its own cloud credentials from: files by name, and variables; a path is made of a file's name. */
  readonly files: Readonly<Record<string, string>>;
  environment(path: (file: string) => string): Readonly<Record<string, string>>;
  /** Whatever must never be shown. */
  readonly secrets: readonly string[];
  /** What only an administrator may do; `allowed` are those that Cordon's own identity may do, which must be none. */
  administration(): Promise<{ readonly asked: readonly string[]; readonly allowed: readonly string[] }>;
  snapshot(): Promise<Snapshot>;
  /** Names of facts that a containment of the suspect may change; all others are somebody else's. */
  readonly ofSuspect: RegExp;
  /** Names of facts that the containment takes away for good. */
  readonly irrecoverable: readonly string[];
  attack(): Promise<Attack>;
  readLog(window: Window): Promise<ReadEvents>;
  /** What another detector sends about the suspect, in its own format. */
  readonly recorded?: { readonly source: 'guardduty'; readonly what: string; readonly body: () => unknown };
  stop(): Promise<void>;
}

/**
 * A stateful double of Google Cloud for the real Google SDKs: one plain HTTP server on 127.0.0.1. Stands and may be used:
 * tokens, service accounts and keys, allow policies with etags, conditions and propagation, the access check on every call,
 * what a thief lists, audit log entries, sinks, faults.
 *
 *   const gcp = await startGcp();
 *   const shop = gcp.addProject('shop-prod', gcp.addOrganization());
 *   const account = gcp.addServiceAccount(shop, 'deployer');
 *   const key = await gcp.addKey(account.email);
 *   gcp.bind(shop, 'roles/viewer', `serviceAccount:${account.email}`);
 *   const iam = new iam_v1.Iam({ rootUrl: `${gcp.url}/`, auth: credentialsOf(key) });
 *
 * What is not modelled is answered with 501 and a sentence, never with an empty success. Private keys are kept nowhere.
 */
import { auditLogOf } from './audit-log.ts';
import { builderOf, type Builder } from './builder.ts';
import { faultList, type Faults } from './faults.ts';
import type { Json } from './json.ts';
import { predefinedRoles } from './roles.ts';
import { serve, type RecordedRequest } from './server.ts';
import { snapshotOf } from './snapshot.ts';
import type { State } from './state.ts';
import { tokensOf } from './tokens.ts';

export { bearer, credentialsOf } from './credentials.ts';
export type { FaultedCall, FaultKind } from './faults.ts';
export type { KeyFile } from './keys.ts';
export type { RecordedRequest } from './server.ts';

export interface GcpOptions {
  /** From a policy change to its effect; two minutes and more in the real one. 0 unless told. Reads show it at once. */
  readonly propagationMs?: number;
  /** From a call to its audit entry being readable. 0 unless told. */
  readonly logDelayMs?: number;
}

export interface GcpDouble extends Builder {
  /** Without a slash at the end; the SDKs' `rootUrl` wants one. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  readonly faults: Faults;
  /** Expressions of conditions that were met and not understood: they granted nothing. */
  readonly unsupportedConditions: ReadonlySet<string>;
  /** Audit entries that can be read by now. */
  log(): readonly Json[];
  /** Lets time pass for tokens, conditions, propagation and logs. */
  advance(ms: number): void;
  /** All that a caller could change, as sorted JSON without etags and private keys: equal before and after an exact rollback. */
  snapshot(): string;
  stop(): Promise<void>;
}

export async function startGcp(options: GcpOptions = {}): Promise<GcpDouble> {
  let aheadMs = 0;
  let numbers = 0;
  let pairs = 0;
  const state: State = {
    nowMs: () => Date.now() + aheadMs,
    propagationMs: options.propagationMs ?? 0,
    containers: new Map(),
    accounts: new Map(),
    keys: new Map(),
    users: new Set(),
    groups: new Map(),
    roles: predefinedRoles(),
    policies: new Map(),
    things: [],
    sinks: new Map(),
    unsupportedConditions: new Set(),
    next: () => (numbers += 1),
    nextPair: () => pairs++,
  };
  const requests: RecordedRequest[] = [];
  const faults = faultList();
  const log = auditLogOf(state, options.logDelayMs ?? 0);
  const tokens = tokensOf(state, () => `${server.url}/token`);
  const server = await serve({ state, tokens, log, requests, nextFault: (...call) => faults.next(...call) });
  return {
    ...builderOf({ state, tokens, log }),
    url: server.url,
    requests,
    faults,
    unsupportedConditions: state.unsupportedConditions,
    log: () => log.visible(),
    advance: (ms) => {
      aheadMs += ms;
    },
    snapshot: () => snapshotOf(state),
    stop: () => server.stop(),
  };
}

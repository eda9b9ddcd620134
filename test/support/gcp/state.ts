import type { KeyObject } from 'node:crypto';

import { GoogleError } from './google-error.ts';
import type { Json } from './json.ts';

export interface Condition {
  readonly title: string;
  readonly description?: string;
  readonly expression: string;
}

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: Condition;
}

/** An allow policy. `versions` holds what was set when: a change binds only once it has propagated. */
export interface StoredPolicy {
  versions: { readonly fromMs: number; readonly bindings: readonly Binding[] }[];
  auditConfigs: readonly unknown[];
  /** 0: nobody ever set it. */
  revision: number;
}

/** An organisation, folder or project. `name` is what we key it by: `organizations/1`, `folders/2`, `projects/shop-prod`. */
export interface Container {
  readonly name: string;
  readonly number: string;
  readonly displayName: string;
  readonly parent?: string;
  readonly createTime: string;
}

export interface ServiceAccount {
  readonly project: string;
  readonly email: string;
  readonly uniqueId: string;
  readonly displayName: string;
  disabled: boolean;
}

export interface Key {
  readonly id: string;
  readonly email: string;
  readonly type: 'USER_MANAGED' | 'SYSTEM_MANAGED';
  readonly validAfter: string;
  readonly validBefore: string;
  /** Absent for Google's own keys: nobody can ask for a token with those. */
  readonly publicKey?: KeyObject;
  disabledBecause?: 'USER_INITIATED' | 'EXPOSED';
  /** Where Google found the private half in public. Stays with the key for life. */
  exposedAt?: string;
}

/** Something in a project that a thief would list. */
export interface Thing {
  readonly kind: 'instance' | 'disk' | 'network' | 'bucket' | 'sqlInstance' | 'cluster' | 'function';
  readonly project: string;
  readonly name: string;
  readonly location: string;
  readonly id: string;
  readonly createTime: string;
}

export interface Role {
  readonly title: string;
  readonly permissions: readonly string[];
}

export interface State {
  readonly nowMs: () => number;
  readonly propagationMs: number;
  readonly containers: Map<string, Container>;
  readonly accounts: Map<string, ServiceAccount>;
  readonly keys: Map<string, Key>;
  readonly users: Set<string>;
  readonly groups: Map<string, readonly string[]>;
  readonly roles: Map<string, Role>;
  readonly policies: Map<string, StoredPolicy>;
  readonly things: Thing[];
  /** By `resourceName`: `projects/p/sinks/s`. */
  readonly sinks: Map<string, Json>;
  /** Conditions that this double can't evaluate: they were met and granted nothing. */
  readonly unsupportedConditions: Set<string>;
  /** Rises with each use: revisions, numeric ids. */
  readonly next: () => number;
  /** Which key pair of the process the next key gets. */
  readonly nextPair: () => number;
}

export function accountName(account: ServiceAccount): string {
  return `${account.project}/serviceAccounts/${account.email}`;
}

export function keyName(state: State, key: Key): string {
  return `${accountName(accountOf(state, key.email))}/keys/${key.id}`;
}

/** By e-mail or numeric id; throws Google's 404. */
export function accountOf(state: State, emailOrId: string): ServiceAccount {
  const found = state.accounts.get(emailOrId) ?? [...state.accounts.values()].find((one) => one.uniqueId === emailOrId);
  if (!found) throw new GoogleError('NOT_FOUND', `Unknown service account ${emailOrId}.`);
  return found;
}

/** Projects answer to their id and to their number. */
export function containerOf(state: State, name: string): Container | undefined {
  const [collection, id] = name.split('/');
  const byNumber = (one: Container) => one.number === id && one.name.startsWith(`${collection}/`);
  return state.containers.get(name) ?? [...state.containers.values()].find(byNumber);
}

/** The resource and all above it, nearest first, as policies are inherited. */
export function ancestry(state: State, name: string): string[] {
  const bucket = /^projects\/_\/buckets\/([^/]+)/.exec(name);
  if (bucket) {
    const found = state.things.find((one) => one.kind === 'bucket' && one.name === bucket[1]);
    return [bucket[0], ...(found ? ancestry(state, found.project) : [])];
  }
  const container = containerOf(state, name);
  if (container) return [container.name, ...(container.parent ? ancestry(state, container.parent) : [])];
  const parts = name.split('/');
  if (parts.length <= 2) return [];
  return [name, ...ancestry(state, parts.slice(0, 2).join('/'))];
}

import type { AuditLog } from './audit-log.ts';
import { addThing } from './inventory.ts';
import type { Json } from './json.ts';
import { addKey, createKey, type KeyFile } from './keys.ts';
import { currentBindings, merged } from './policies.ts';
import { removeAccount } from './service-accounts.ts';
import { addDefaultSinks, addSink } from './sinks.ts';
import { accountOf, type Binding, type Condition, type Key, type State, type Thing } from './state.ts';
import type { Tokens } from './tokens.ts';

/** Sets up the world without asking permission; what it does binds at once and is in no log. Names are full resource names. */
export interface Builder {
  /** `organizations/…`, with data access logs switched on for everything below unless told. */
  addOrganization(options?: { dataAccessLogs?: boolean }): string;
  addFolder(displayName: string, parent: string): string;
  /** `projects/<id>`. */
  addProject(id: string, parent?: string): string;
  addServiceAccount(project: string, name: string): { name: string; email: string; uniqueId: string };
  removeServiceAccount(email: string): void;
  addKey(email: string): Promise<KeyFile>;
  /** Google finds the key in public and disables it. */
  exposeKey(keyId: string, foundAt: string): void;
  /** A person, with a way to get an access token. Returns the policy member. */
  addUser(email: string): string;
  /** For a user or service account; `lifetimeS` is an hour unless told. */
  accessToken(email: string, lifetimeS?: number): string;
  addGroup(email: string, members: readonly string[]): string;
  addCustomRole(name: string, permissions: readonly string[]): void;
  bind(resource: string, role: string, member: string, condition?: Condition): void;
  add(kind: Thing['kind'], project: string, name: string, location?: string): void;
  addSink(container: string, sink: Json): void;
  /** Audit entries of the past, oldest first. */
  seedLog(entries: readonly Json[]): void;
}

interface Parts {
  readonly state: State;
  readonly tokens: Tokens;
  readonly log: AuditLog;
}

const ALL_DATA_ACCESS = {
  service: 'allServices',
  auditLogConfigs: [{ logType: 'ADMIN_READ' }, { logType: 'DATA_READ' }, { logType: 'DATA_WRITE' }],
};

export function builderOf({ state, tokens, log }: Parts): Builder {
  const number = () => String(100_000_000_000 + state.next());

  function addContainer(name: string, ownNumber: string, displayName: string, parent?: string): string {
    if (parent !== undefined && !state.containers.has(parent)) throw new Error(`There is no ${parent}: add it first.`);
    const createTime = new Date(state.nowMs()).toISOString();
    state.containers.set(name, { name, number: ownNumber, displayName, createTime, ...(parent ? { parent } : {}) });
    addDefaultSinks(state, name);
    return name;
  }

  function setBindings(resource: string, bindings: readonly Binding[], auditConfigs: readonly unknown[]): void {
    state.policies.set(resource, { versions: [{ fromMs: 0, bindings }], auditConfigs, revision: state.next() });
  }

  return {
    addOrganization({ dataAccessLogs = true } = {}) {
      const id = number();
      const name = addContainer(`organizations/${id}`, id, 'example.com');
      if (dataAccessLogs) setBindings(name, [], [ALL_DATA_ACCESS]);
      return name;
    },
    addFolder(displayName, parent) {
      const id = number();
      return addContainer(`folders/${id}`, id, displayName, parent);
    },
    addProject: (id, parent) => addContainer(`projects/${id}`, number(), id, parent),
    addServiceAccount(project, name) {
      if (!state.containers.has(project)) throw new Error(`There is no ${project}: add it first.`);
      const email = `${name}@${project.slice('projects/'.length)}.iam.gserviceaccount.com`;
      const uniqueId = String(101_000_000_000_000_000_000n + BigInt(state.next()));
      state.accounts.set(email, { project, email, uniqueId, displayName: name, disabled: false });
      addKey(state, email, { type: 'SYSTEM_MANAGED' });
      return { name: `${project}/serviceAccounts/${email}`, email, uniqueId };
    },
    removeServiceAccount: (email) => removeAccount(state, accountOf(state, email)),
    async addKey(email) {
      return (await createKey(state, email, tokens.url())).file;
    },
    exposeKey(keyId, foundAt) {
      const key: Key | undefined = state.keys.get(keyId);
      if (!key) throw new Error(`There is no key ${keyId}.`);
      key.disabledBecause = 'EXPOSED';
      key.exposedAt = foundAt;
    },
    addUser(email) {
      state.users.add(email);
      return `user:${email}`;
    },
    accessToken(email, lifetimeS) {
      if (!state.users.has(email) && !state.accounts.has(email)) throw new Error(`There is no ${email}: add it first.`);
      const kind = state.users.has(email) ? 'user' : 'serviceAccount';
      return tokens.mint({ email, member: `${kind}:${email}` }, lifetimeS).token;
    },
    addGroup(email, members) {
      state.groups.set(`group:${email}`, members);
      return `group:${email}`;
    },
    addCustomRole(name, permissions) {
      state.roles.set(name, { title: name, permissions });
    },
    bind(resource, role, member, condition) {
      if (!state.roles.has(role))
        throw new Error(`The double doesn't know ${role}: add it to test/support/gcp/roles.ts.`);
      const old = state.policies.get(resource);
      const binding = { role, members: [member], ...(condition ? { condition } : {}) };
      setBindings(resource, merged([...(old ? currentBindings(old) : []), binding]), old?.auditConfigs ?? []);
    },
    add(kind, project, name, location = 'europe-west1-b') {
      addThing(state, { kind, project, name, location });
    },
    addSink(container, sink) {
      addSink(state, container, sink);
    },
    seedLog: (entries) => log.seed(entries),
  };
}

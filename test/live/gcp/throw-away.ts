import type { GcpPrincipal } from '../../../src/domain/principal.ts';
import type { GcpClients } from '../../../src/providers/gcp/clients.ts';
import type { GcpSettings } from '../../../src/providers/gcp/index.ts';
import { leastPrivilegeRole } from '../../../src/providers/gcp/index.ts';
import { changePolicy, type Binding } from '../../../src/providers/gcp/policies.ts';
import type { LeftOver } from '../account.ts';
import type { Ownership } from '../ownership.ts';
import type { Pace } from '../settle.ts';
import { eventually } from '../settle.ts';

type Key = NonNullable<GcpSettings['credentials']>;

/** Past already, so it grants nothing; it stands there to be kept as it is. */
const CONDITION = { title: 'past', expression: 'request.time < timestamp("2020-01-01T00:00:00Z")' } as const;

/** One project of the user's, as the suite builds in it. */
export class Project {
  readonly id: string;
  readonly #clients: GcpClients;
  readonly #pace: Pace;

  constructor(id: string, clients: GcpClients, pace: Pace) {
    this.id = id;
    this.#clients = clients;
    this.#pace = pace;
  }

  /** With a key that nobody keeps, and two roles that are of little use. A neighbour shares one of them. */
  async makeSuspect(name: string): Promise<GcpPrincipal> {
    const suspect = await this.#makeAccount(`${name}s`);
    const neighbour = await this.#makeAccount(`${name}n`);
    await this.#makeKey(suspect.name);
    const [own, other] = [suspect, neighbour].map((one) => `serviceAccount:${one.name}`) as [string, string];
    await this.#bind([
      { role: 'roles/browser', members: [own] },
      { role: 'roles/storage.objectViewer', members: [own, other], condition: CONDITION },
    ]);
    return suspect;
  }

  /** Cordon as an account of its own, with exactly the role that it generates for these actions. */
  async makeResponder(name: string, rightsFor: readonly string[]): Promise<Key> {
    const account = await this.#makeAccount(name);
    const roleId = name.replaceAll('-', '_');
    const { title: _, ...least } = leastPrivilegeRole(rightsFor, { projects: [this.id] }, 'project');
    const requestBody = {
      roleId,
      role: { ...least, title: name, includedPermissions: [...least.includedPermissions] },
    };
    await this.#clients.iam.projects.roles.create({ parent: `projects/${this.id}`, requestBody });
    const role = `projects/${this.id}/roles/${roleId}`;
    await this.#bind([{ role, members: [`serviceAccount:${account.name}`] }]);
    return this.#makeKey(account.name);
  }

  async #makeAccount(accountId: string): Promise<GcpPrincipal> {
    const { serviceAccounts } = this.#clients.iam.projects;
    const requestBody = { accountId, serviceAccount: { displayName: accountId } };
    const { data } = await serviceAccounts.create({ name: `projects/${this.id}`, requestBody });
    const { email, uniqueId } = data;
    if (!email || !uniqueId) throw new Error('Google made an account and does not say which.');
    await eventually(() => serviceAccounts.get({ name: this.#pathOf(email) }), this.#pace);
    return { cloud: 'gcp', kind: 'service-account', accountId: this.id, name: email, uniqueId };
  }

  async #makeKey(email: string): Promise<Key> {
    const { keys } = this.#clients.iam.projects.serviceAccounts;
    const { data } = await eventually(() => keys.create({ name: this.#pathOf(email), requestBody: {} }), this.#pace);
    return JSON.parse(Buffer.from(data.privateKeyData ?? '', 'base64').toString()) as Key;
  }

  /** Google knows a new account as a member some seconds after it was made. */
  #bind(added: readonly Binding[]): Promise<unknown> {
    const resource = `projects/${this.id}`;
    return eventually(() => changePolicy(this.#clients, resource, (bindings) => [...bindings, ...added]), this.#pace);
  }

  /** Bindings before the accounts that they name, which would stay in them as deleted members. */
  async leftOvers(ownership: Ownership): Promise<readonly LeftOver[]> {
    const resource = `projects/${this.id}`;
    const found: LeftOver[] = [];
    const members = new Set((await this.bindings()).flatMap(({ members: all }) => all ?? []));
    for (const member of [...members].filter((one) => ownership.owns(one)))
      found.push({ kind: 'member', name: member, remove: () => this.#takeOut(member) });
    const { serviceAccounts, roles } = this.#clients.iam.projects;
    for (const { email = '' } of await this.#accounts())
      if (email && ownership.owns(email))
        found.push({
          kind: 'service account',
          name: email,
          remove: async () => void (await serviceAccounts.delete({ name: this.#pathOf(email) })),
        });
    const { data } = await roles.list({ parent: resource, pageSize: 1000 });
    for (const { name } of data.roles ?? [])
      if (name && ownership.owns(name))
        found.push({ kind: 'role', name, remove: async () => void (await roles.delete({ name })) });
    return found;
  }

  async bindings(): Promise<readonly Binding[]> {
    const requestBody = { options: { requestedPolicyVersion: 3 } };
    const { data } = await this.#clients.resources.projects.getIamPolicy({
      resource: `projects/${this.id}`,
      requestBody,
    });
    return data.bindings ?? [];
  }

  async #takeOut(member: string): Promise<void> {
    await changePolicy(this.#clients, `projects/${this.id}`, (bindings) =>
      bindings
        .map((one) => ({ ...one, members: (one.members ?? []).filter((other) => other !== member) }))
        .filter(({ members }) => members.length > 0),
    );
  }

  async #accounts() {
    const accounts = [];
    for (let pageToken = ''; ;) {
      const page = { name: `projects/${this.id}`, pageSize: 100, ...(pageToken ? { pageToken } : {}) };
      const { data } = await this.#clients.iam.projects.serviceAccounts.list(page);
      accounts.push(...(data.accounts ?? []));
      if (!data.nextPageToken) return accounts;
      pageToken = data.nextPageToken;
    }
  }

  #pathOf(email: string): string {
    return `projects/${this.id}/serviceAccounts/${email}`;
  }
}

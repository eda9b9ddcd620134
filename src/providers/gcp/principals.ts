import { CordonFailure } from '../../contracts/failures.ts';
import type { PrincipalClue } from '../../domain/alert.ts';
import type { GcpPrincipal, Principal, Resolution } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';
import type { Account } from './accounts.ts';
import { findAccount, listAccounts } from './accounts.ts';
import type { GcpClients } from './clients.ts';
import type { Lead } from './clues.ts';
import { readClue } from './clues.ts';
import { readProject } from './hierarchy.ts';
import { listKeys } from './keys.ts';
import { mapLimited } from './limited.ts';
import { homeOf, isServiceAccountEmail } from './names.ts';

/** Thrown inside this file only: the clue leads to nobody, for this reason. */
class Unresolved extends Error {}

/** What people of Google's own directory belong to, instead of a project. */
const DIRECTORY = 'goog';

/**
 * Every clue must lead to the same identity; a service account is confirmed by IAM in one of our projects. One clue that leads
 * nowhere leaves the whole unresolved, and two that differ are ambiguous: a target is never picked.
 */
export async function resolvePrincipal(
  clients: GcpClients,
  projects: readonly string[],
  clues: readonly PrincipalClue[],
  alertProject: string | undefined,
): Promise<Resolution> {
  const leads = clues.map(readClue);
  try {
    if (leads.length === 0) throw new Unresolved('The alert names no identity.');
    const unusable = leads.find((lead) => lead.kind === 'unusable');
    if (unusable) throw new Unresolved(`The identity can't be told: ${unusable.reason}.`);
    await requireOurProject(clients, projects, alertProject);
    const found = await new Resolver(clients, projects, leads).resolveAll();
    if (alertProject === undefined && found.some(({ kind }) => kind === 'google-user'))
      throw new Unresolved('The alert names a Google user, but no project that it is about.');
    return agree(found);
  } catch (error) {
    if (error instanceof Unresolved) return { status: 'unresolved', reason: error.message };
    throw error;
  }
}

/** Not confirmed by IAM where the address tells the project: Cordon must know itself even where it may not read itself. */
export async function self(clients: GcpClients, projects: readonly string[]): Promise<Principal> {
  const email = await clients.ownEmail();
  if (!isServiceAccountEmail(email)) return googleUser(email);
  const home = homeOf(email, projects);
  if (home.in === 'project') return { cloud: 'gcp', kind: 'service-account', accountId: home.projectId, name: email };
  for (const projectId of projects) {
    const account = await findAccount(clients, projectId, email);
    if (account) return serviceAccount(account);
  }
  throw new CordonFailure(
    'ValidationFailed',
    `Cordon works as ${email}, which is in none of its projects. Give it an account of its own.`,
  );
}

/** Some detectors give the project's number. */
async function requireOurProject(
  clients: GcpClients,
  projects: readonly string[],
  project: string | undefined,
): Promise<void> {
  if (project === undefined || project === DIRECTORY) return;
  const given = project.replace(/^projects\//u, '');
  if (projects.includes(given)) return;
  const numbers = /^\d+$/u.test(given) ? await Promise.all(projects.map((id) => readProject(clients, id))) : [];
  if (numbers.some(({ number }) => number === given)) return;
  throw new Unresolved(`The alert is about project ${given}; Cordon acts in ${projects.join(', ')} only.`);
}

class Resolver {
  readonly #clients: GcpClients;
  readonly #projects: readonly string[];
  readonly #leads: readonly Lead[];

  constructor(clients: GcpClients, projects: readonly string[], leads: readonly Lead[]) {
    this.#clients = clients;
    this.#projects = projects;
    this.#leads = leads;
  }

  /** Names last: alone they say nothing, beside another clue they must be its name. */
  async resolveAll(): Promise<readonly GcpPrincipal[]> {
    const strong = this.#leads.filter((lead) => lead.kind !== 'name');
    const found = await Promise.all(strong.map((lead) => this.#resolve(lead)));
    if (found.length === 0)
      throw new Unresolved('The alert gives a name, which says nothing without an address or a number.');
    for (const lead of this.#leads) {
      if (lead.kind === 'name' && !found.some(({ name }) => isNameOf(lead.name, name)))
        throw new Unresolved(`The name ${lead.name} is not that of ${found[0]?.name}, to which the other clues lead.`);
    }
    return found;
  }

  async #resolve(lead: Lead): Promise<GcpPrincipal> {
    switch (lead.kind) {
      case 'user':
        return googleUser(lead.email);
      case 'account':
        return this.#withKey(await this.#account(lead.email, lead.projectId), lead.keyId);
      case 'unique-id':
        return this.#withKey(await this.#among(this.#searched(lead.projectId), lead.uniqueId), lead.keyId);
      case 'key':
        return serviceAccount(await this.#holderOf(lead.keyId));
      default:
        throw new Unresolved(`The identity can't be told from a clue of kind ${lead.kind}.`);
    }
  }

  async #account(email: string, projectId: string | undefined): Promise<Account> {
    const home = homeOf(email, this.#projects);
    if (home.in === 'google')
      throw new Unresolved(
        `${email} is an agent that Google runs in a project of its own: a person must look at the service it belongs to.`,
      );
    if (home.in === 'project' && projectId !== undefined && home.projectId !== projectId)
      throw new Unresolved(`A clue puts ${email} into project ${projectId}, which is not where it is.`);
    return this.#among(this.#searched(home.in === 'project' ? home.projectId : projectId), email);
  }

  #searched(projectId: string | undefined): readonly string[] {
    if (projectId === undefined) return this.#projects;
    if (this.#projects.includes(projectId)) return [projectId];
    throw new Unresolved(`A clue belongs to project ${projectId}; Cordon acts in ${this.#projects.join(', ')} only.`);
  }

  async #among(projects: readonly string[], emailOrId: string): Promise<Account> {
    for (const projectId of projects) {
      const account = await findAccount(this.#clients, projectId, emailOrId);
      if (account) return account;
    }
    throw new Unresolved(
      `IAM has no service account ${emailOrId} in ${projects.join(', ')}; it may have been deleted.`,
    );
  }

  async #withKey(account: Account, keyId: string | undefined): Promise<GcpPrincipal> {
    if (keyId !== undefined && !(await this.#holds(account, keyId)))
      throw new Unresolved(`Account ${account.email} has no key ${keyId}; it may have been deleted.`);
    return serviceAccount(account);
  }

  /** No call goes from a key to its account: those that other clues name are looked at first, then all. */
  async #holderOf(keyId: string): Promise<Account> {
    for (const lead of this.#leads) {
      const hint = lead.kind === 'account' ? await this.#account(lead.email, lead.projectId) : null;
      if (hint && (await this.#holds(hint, keyId))) return hint;
    }
    const accounts = (await Promise.all(this.#projects.map((id) => listAccounts(this.#clients, id)))).flat();
    const holds = await mapLimited(accounts, (account) => this.#holds(account, keyId));
    const holder = accounts.find((_, index) => holds[index]);
    if (holder) return holder;
    throw new Unresolved(
      `No service account of ${this.#projects.join(', ')} has key ${keyId}; it may have been deleted.`,
    );
  }

  async #holds({ projectId, email }: Account, keyId: string): Promise<boolean> {
    return (await listKeys(this.#clients, projectId, email)).some((key) => key.keyId === keyId);
  }
}

function agree(found: readonly GcpPrincipal[]): Resolution {
  const [first] = found;
  const candidates = [...new Set(found.map(resourceOf))].toSorted();
  if (!first) return { status: 'unresolved', reason: 'No clue leads to an identity.' };
  if (candidates.length > 1)
    return { status: 'ambiguous', reason: 'The clues of the alert lead to different identities.', candidates };
  return { status: 'resolved', principal: first };
}

function isNameOf(name: string, email: string): boolean {
  return name.toLowerCase() === email.split('@')[0];
}

function serviceAccount({ projectId, email, uniqueId }: Account): GcpPrincipal {
  return { cloud: 'gcp', kind: 'service-account', accountId: projectId, name: email, uniqueId };
}

function googleUser(email: string): GcpPrincipal {
  return { cloud: 'gcp', kind: 'google-user', accountId: DIRECTORY, name: email };
}

import type { GcpPrincipal } from '../../../src/domain/principal.ts';
import { GCP_ACTIONS } from '../../../src/providers/gcp/actions/index.ts';
import { findAccount } from '../../../src/providers/gcp/accounts.ts';
import { permissionOfCall } from '../../../src/providers/gcp/calls.ts';
import type { GcpClients } from '../../../src/providers/gcp/clients.ts';
import { createGcpClients } from '../../../src/providers/gcp/clients.ts';
import type { GcpSettings } from '../../../src/providers/gcp/index.ts';
import { createGcpProvider } from '../../../src/providers/gcp/index.ts';
import { listKeys } from '../../../src/providers/gcp/keys.ts';
import type { Provider } from '../../../src/providers/port.ts';
import { offTheWire, type ActionWorld } from '../../contracts/providers/action.contract.ts';
import type { Opener } from '../account.ts';
import { runnable, selected } from '../account.ts';
import { confirmed, wrongAccount, type Environment } from '../confirmation.ts';
import { Ownership } from '../ownership.ts';
import type { Run } from '../run.ts';
import { eventually, PATIENT_MS, paceOf, patient, settled, type Pace } from '../settle.ts';
import { intercepting, isWrite, type Watched } from './intercept.ts';
import { Project } from './throw-away.ts';

const IN_PROJECT = ['disable-service-account-keys', 'disable-service-account'];
/** Accounts and keys are known everywhere after about a minute. */
const QUIET_SECONDS = 20;

export const openGcp: Opener = async (environment, run) => {
  const id = confirmed(environment, 'CORDON_LIVE_GCP_PROJECT');
  const pace = paceOf(environment, QUIET_SECONDS);
  const settings = settingsOf(environment, id);
  const ownership = new Ownership(run);
  const clients = createGcpClients(
    { ...settings, callTimeoutMs: PATIENT_MS },
    intercepting(id, ownership, { calls: [], fault: null }),
  );
  const { data } = await clients.resources.projects.get({ name: `projects/${id}` });
  if (data.projectId !== id) throw wrongAccount(`Google Cloud project ${data.projectId}`, id);
  const project = new Project(id, clients, pace);
  const responders = new Map<string, Promise<GcpClients & { readonly watched: Watched }>>();
  let worlds = 0;

  async function responder(own: Run, rightsFor: readonly string[]) {
    const credentials = await project.makeResponder(`${own.prefix}r${responders.size}`, rightsFor);
    const watched: Watched = { calls: [], fault: null };
    const made = createGcpClients({ ...settings, credentials }, intercepting(id, ownership, watched));
    const provider = createGcpProvider(settings, made);
    await granted(
      () =>
        provider.missingPermissions(
          rightsFor.flatMap((one) => provider.actions[one]?.permissions ?? []),
          id,
        ),
      pace,
    );
    return { ...made, watched };
  }

  async function world(own: Run, rightsFor: readonly string[]): Promise<ActionWorld> {
    const name = `${own.prefix}${++worlds}-`;
    const rights = rightsFor.join(' ');
    const making = responders.get(rights) ?? responder(own, rightsFor);
    responders.set(rights, making);
    const { watched, ...calling } = await making;
    const suspect = await project.makeSuspect(name);
    const mine = new Ownership({ prefix: name });
    const wait = () => settled(() => snapshotOf(project, clients, suspect, mine), pace);
    await wait();
    const provider = patient(createGcpProvider(settings, calling), wait);
    return worldOf({ project, ownership, name, suspect, provider, watched, wait });
  }

  return {
    name: `Google Cloud project ${id}`,
    ...runnableIn(data.parent),
    build(rightsFor) {
      if (run === 'any') throw new Error('What is cleaned up is not built on.');
      return world(run, rightsFor);
    },
    leftOvers: () => project.leftOvers(ownership),
  };
};

/** Of the suspect and its neighbour; of the project's policy what names them. */
async function snapshotOf(project: Project, clients: GcpClients, { name }: GcpPrincipal, mine: Ownership) {
  const bindings = (await project.bindings()).flatMap(({ role, members, condition }) =>
    (members ?? []).filter((one) => mine.owns(one)).map((one) => JSON.stringify([role, one, condition?.title])),
  );
  return {
    account: await findAccount(clients, project.id, name),
    keys: await listKeys(clients, project.id, name),
    bindings: bindings.toSorted(),
  };
}

async function granted(missing: () => Promise<readonly { readonly name: string }[]>, pace: Pace): Promise<void> {
  await eventually(async () => {
    const lacking = await missing();
    if (lacking.length > 0) throw new Error(`Not granted yet: ${lacking.map(({ name }) => name).join(', ')}.`);
  }, pace);
}

interface Parts {
  readonly project: Project;
  readonly ownership: Ownership;
  /** The prefix of this world, and the id of its case. */
  readonly name: string;
  readonly suspect: GcpPrincipal;
  readonly provider: Provider;
  readonly watched: Watched;
  readonly wait: () => Promise<unknown>;
}

function worldOf({ project, ownership, name, suspect, provider, watched, wait }: Parts): ActionWorld {
  const { id } = project;
  return {
    provider,
    accountId: id,
    choose: (action) => selected(provider, provider.propose(suspect, null, name, [action]).requests, action),
    snapshot: wait,
    forgetCalls: () => void (watched.calls.length = 0),
    writes: () => watched.calls.filter(isWrite).map(({ path }) => path),
    permissionsUsed: () => watched.calls.flatMap((call) => permissionOfCall(call) ?? []),
    asMade: (calls) =>
      calls.map(({ operation, parameters }) => {
        const { name: one, resource } = parameters as { readonly name?: string; readonly resource?: string };
        return `${one ?? resource}:${operation.split('.').at(-1)}`;
      }),
    wrongTargets: () => [
      `//iam.googleapis.com/projects/${id}/serviceAccounts/*`,
      `//iam.googleapis.com/projects/not-${id}/serviceAccounts/${suspect.name}`,
      `//iam.googleapis.com/projects/${id}/serviceAccounts/${name}n@${id}.iam.gserviceaccount.com`,
      'principal://goog/subject/alice@example.com',
    ],
    breakWrites: (fault) => void (watched.fault = fault && offTheWire(fault)),
    async stop() {
      watched.fault = null;
      for (const one of await project.leftOvers(new Ownership({ prefix: name }))) await one.remove();
      ownership.requireNothingRefused();
    },
  };
}

/** What lies above a project is not the suite's to give rights on. */
const runnableIn = (parent: string | null | undefined) =>
  parent
    ? runnable('gcp', GCP_ACTIONS, IN_PROJECT, {
        'remove-iam-bindings': `it reads what the project lies in, ${parent}: run it in a project without an organisation`,
      })
    : runnable('gcp', GCP_ACTIONS, [...IN_PROJECT, 'remove-iam-bindings']);

/** The credentials are the library's own affair. Only a test of the suite itself names another endpoint. */
function settingsOf(environment: Environment, project: string): GcpSettings {
  const endpoint = environment['CORDON_LIVE_GCP_ENDPOINT'];
  return { projects: [project], logDelaySeconds: 300, propagationSeconds: 0, ...(endpoint ? { endpoint } : {}) };
}

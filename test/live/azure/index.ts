import { readFileSync } from 'node:fs';
import { z } from 'zod';

import { AZURE_ACTIONS } from '../../../src/providers/azure/actions/index.ts';
import { listAssignments } from '../../../src/providers/azure/assignments.ts';
import type { AzureClients } from '../../../src/providers/azure/clients.ts';
import { createAzureClients } from '../../../src/providers/azure/clients.ts';
import { findApplication, findServicePrincipal, findUser } from '../../../src/providers/azure/directory.ts';
import { createAzureProvider } from '../../../src/providers/azure/index.ts';
import { tokenClaims } from '../../../src/providers/azure/principals.ts';
import type { AzureSettings } from '../../../src/providers/azure/settings.ts';
import type { Provider } from '../../../src/providers/port.ts';
import { offTheWire, type ActionWorld } from '../../contracts/providers/action.contract.ts';
import type { Opener } from '../account.ts';
import { runnable, selected } from '../account.ts';
import { confirmed, wrongAccount, type Environment } from '../confirmation.ts';
import { Ownership } from '../ownership.ts';
import type { Run } from '../run.ts';
import { eventually, PATIENT_MS, paceOf, patient, settled } from '../settle.ts';
import { watching, type Watched } from './policy.ts';
import { Tenant, type Suspects } from './throw-away.ts';

const BUILT = [
  'disable-service-principal',
  'remove-application-credentials',
  'disable-user',
  'tighten-role-assignments',
  'remove-role-assignments',
];
const NOT_BUILT: Readonly<Record<string, string>> = {
  'remove-eligible-roles': 'it needs a licence of Entra ID P2, and requests to PIM can not be removed',
};
/** The directory says of itself that reads may be of some seconds ago; role assignments bind within minutes. */
const QUIET_SECONDS = 20;

export const openAzure: Opener = async (environment, run) => {
  const tenantId = confirmed(environment, 'CORDON_LIVE_AZURE_TENANT').toLowerCase();
  const subscription = confirmed(environment, 'CORDON_LIVE_AZURE_SUBSCRIPTION').toLowerCase();
  const pace = paceOf(environment, QUIET_SECONDS);
  const settings = settingsOf(environment, tenantId, subscription);
  const ownership = new Ownership(run);
  const through = (watched: Watched) => watching(subscription, ownership, watched);
  const clients = createAzureClients({ ...settings, callTimeoutMs: PATIENT_MS }, [
    through({ writes: [], fault: null }),
  ]);
  await requireAccount(clients, tenantId, subscription);
  const tenant = new Tenant(clients, settings, pace);
  let group: Promise<string> | undefined;
  let stranger: Promise<AzureSettings> | undefined;
  let worlds = 0;

  /** With rights it is the suite's own identity, to which an administrator gave Cordon's; it can't give those to another. */
  async function cordon(own: Run, rightsFor: readonly string[]) {
    stranger ??= tenant.makeStranger(`${own.prefix}stranger`).then((credentials) => ({ ...settings, credentials }));
    const as = rightsFor.length > 0 ? settings : await stranger;
    const watched: Watched = { writes: [], fault: null };
    const calling = createAzureClients(as, [through(watched)]);
    await eventually(() => calling.ownToken(), pace);
    return { provider: createAzureProvider(as, calling), watched };
  }

  async function world(own: Run, rightsFor: readonly string[]): Promise<ActionWorld> {
    const name = `${own.prefix}${++worlds}-`;
    group ??= tenant.makeGroup(`${own.prefix}group`);
    const suspects = await tenant.makeSuspects(name, await group);
    const wait = () => settled(() => snapshotOf(clients, subscription, suspects), pace);
    await wait();
    const { provider: impatient, watched } = await cordon(own, rightsFor);
    const provider = patient(impatient, wait);
    return worldOf({ tenant, tenantId, subscription, ownership, name, suspects, provider, watched, wait });
  }

  return {
    name: `Azure subscription ${subscription}`,
    ...runnable('azure', AZURE_ACTIONS, BUILT, NOT_BUILT),
    build(rightsFor) {
      if (run === 'any') throw new Error('What is cleaned up is not built on.');
      return world(run, rightsFor);
    },
    leftOvers: () => tenant.leftOvers(ownership),
  };
};

/** The keys of a body have no order. */
function plainly(calls: readonly unknown[]): readonly unknown[] {
  return JSON.parse(JSON.stringify(calls)) as unknown[];
}

const subscriptionSchema = z.object({ subscriptionId: z.string(), tenantId: z.string() });

async function requireAccount(clients: AzureClients, tenantId: string, subscription: string): Promise<void> {
  const { tid } = await tokenClaims(clients);
  if (tid !== tenantId) throw wrongAccount(`tenant ${tid}`, tenantId);
  const path = `/subscriptions/${subscription}`;
  const query = { 'api-version': '2022-12-01' };
  const found = subscriptionSchema.parse(await clients.arm.call({ method: 'GET', path, query }));
  if (found.tenantId.toLowerCase() !== tenantId)
    throw wrongAccount(`a subscription of tenant ${found.tenantId}`, tenantId);
}

async function snapshotOf(clients: AzureClients, subscription: string, { application, neighbour, user }: Suspects) {
  const [principal, registered, person] = await Promise.all([
    findServicePrincipal(clients, { objectId: application.uniqueId }),
    findApplication(clients, application.appId ?? ''),
    findUser(clients, user.uniqueId),
  ]);
  const assignments = [application, neighbour].map(async ({ uniqueId }) => {
    const { direct } = await listAssignments(clients, [subscription], uniqueId);
    return direct.map((one) => ({ ...one, id: one.id.toLowerCase() }));
  });
  return {
    enabled: [principal?.accountEnabled, person?.accountEnabled],
    secrets: [principal, registered].map((one) => one?.passwordCredentials?.map(({ keyId }) => keyId).toSorted()),
    assignments: await Promise.all(assignments),
  };
}

interface Parts {
  readonly tenant: Tenant;
  readonly tenantId: string;
  readonly subscription: string;
  readonly ownership: Ownership;
  /** The prefix of this world, and the id of its case. */
  readonly name: string;
  readonly suspects: Suspects;
  readonly provider: Provider;
  readonly watched: Watched;
  readonly wait: () => Promise<unknown>;
}

function worldOf(parts: Parts): ActionWorld {
  const { tenant, tenantId, subscription, ownership, name, suspects, provider, watched, wait } = parts;
  return {
    provider,
    accountId: tenantId,
    choose(id) {
      const suspect = id === 'disable-user' ? suspects.user : suspects.application;
      return selected(provider, provider.propose(suspect, null, name, [id]).requests, id);
    },
    snapshot: wait,
    forgetCalls: () => void (watched.writes.length = 0),
    writes: () => plainly(watched.writes),
    asMade: plainly,
    wrongTargets: (id) => {
      const kind = id === 'disable-user' ? 'users' : 'servicePrincipals';
      return [
        `/tenants/${tenantId}/${kind}/*`,
        `/tenants/${tenantId}/${kind}/${suspects.neighbour.uniqueId}`,
        `/tenants/${crypto.randomUUID()}/${kind}/${suspects.application.uniqueId}`,
        `/subscriptions/${subscription}`,
      ];
    },
    breakWrites: (fault) => void (watched.fault = fault && offTheWire(fault)),
    async stop() {
      watched.fault = null;
      for (const one of await tenant.leftOvers(ownership)) if (one.name.startsWith(name)) await one.remove();
      ownership.requireNothingRefused();
    },
  };
}

/** The credentials are the library's own affair. Only a test of the suite itself names another endpoint. */
function settingsOf(environment: Environment, tenantId: string, subscription: string): AzureSettings {
  const endpoint = environment['CORDON_LIVE_AZURE_ENDPOINT'];
  const authority = environment['CORDON_LIVE_AZURE_CA'];
  return {
    tenantId,
    subscriptions: [subscription],
    endpoints: {
      authority: endpoint ?? 'https://login.microsoftonline.com',
      resourceManager: endpoint ?? 'https://management.azure.com',
      graph: endpoint ?? 'https://graph.microsoft.com',
    },
    logDelaySeconds: 1200,
    propagationSeconds: 0,
    tightenTo: { Contributor: 'Reader' },
    ...(authority ? { certificateAuthority: readFileSync(authority, 'utf8') } : {}),
  };
}

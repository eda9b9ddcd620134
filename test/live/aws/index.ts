import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';

import type { ActivityFacts } from '../../../src/domain/evidence.ts';
import { AWS_ACTIONS } from '../../../src/providers/aws/actions/index.ts';
import type { AwsClients, AwsCredentials, AwsSettings } from '../../../src/providers/aws/clients.ts';
import { createAwsClients } from '../../../src/providers/aws/clients.ts';
import { createAwsProvider } from '../../../src/providers/aws/index.ts';
import type { Provider } from '../../../src/providers/port.ts';
import { offTheWire, type ActionWorld } from '../../contracts/providers/action.contract.ts';
import { atTheMoment, withoutSecrets, writes } from '../../providers/aws/case-of-alice.ts';
import type { Opener } from '../account.ts';
import { runnable, selected } from '../account.ts';
import { confirmed, wrongAccount, type Environment } from '../confirmation.ts';
import { Ownership } from '../ownership.ts';
import type { Run } from '../run.ts';
import { PATIENT_MS, patient, paceOf, settled } from '../settle.ts';
import { guard, watch, type Watched } from './clients.ts';
import { leftOvers } from './inventory.ts';
import { snapshotOf } from './snapshot.ts';
import { makeResponder, makeSuspect, type Suspect } from './throw-away.ts';

/** Those for which a throw-away user and a throw-away role are all that it takes. */
const BUILT = [
  'deny-principal',
  'quarantine-principal',
  'deactivate-access-keys',
  'deactivate-ssh-public-keys',
  'deactivate-signing-certificates',
  'deactivate-service-specific-credentials',
  'revoke-role-sessions',
  'rotate-access-key',
];
/** IAM says so itself: changes are read everywhere after some seconds. */
const QUIET_SECONDS = 10;

export const openAws: Opener = async (environment, run) => {
  const accountId = confirmed(environment, 'CORDON_LIVE_AWS_ACCOUNT');
  const pace = paceOf(environment, QUIET_SECONDS);
  const settings = settingsOf(environment, pace.quietMs / 1000);
  const ownership = new Ownership(run);
  const clients = createAwsClients({ ...settings, callTimeoutMs: PATIENT_MS });
  guard(clients, ownership);
  const { Account = 'nobody' } = await clients.sts.send(new GetCallerIdentityCommand({}));
  if (Account !== accountId) throw wrongAccount(`AWS account ${Account}`, accountId);
  const responders = new Map<string, Promise<() => Promise<AwsCredentials>>>();
  let worlds = 0;
  const tags = run === 'any' ? [] : [{ Key: 'cordon-live', Value: run.prefix }];

  async function world(own: Run, rightsFor: readonly string[]): Promise<ActionWorld> {
    const name = `${own.prefix}${++worlds}-`;
    const rights = rightsFor.join(' ');
    const made =
      responders.get(rights) ??
      makeResponder(clients, accountId, `${own.prefix}responder-${responders.size}`, { rightsFor, tags, pace });
    responders.set(rights, made);
    const suspect = await makeSuspect(clients, accountId, name, tags);
    const read = () => snapshotOf(clients, suspect.principal.name, suspect.roleName, name);
    const session = await made;
    const responder = createAwsClients({ ...settings, credentials: await session() });
    guard(responder, ownership);
    const watched = watch(responder);
    const wait = () => settled(read, pace);
    await wait();
    const provider = patient(createAwsProvider(settings, responder), wait);
    return worldOf({ accountId, clients, ownership, name, suspect, provider, watched, wait });
  }

  return {
    name: `AWS account ${accountId}`,
    ...runnable('aws', AWS_ACTIONS, BUILT),
    build(rightsFor) {
      if (run === 'any') throw new Error('What is cleaned up is not built on.');
      return world(run, rightsFor);
    },
    leftOvers: () => leftOvers(clients, ownership),
  };
};

interface Parts {
  readonly accountId: string;
  readonly clients: AwsClients;
  readonly ownership: Ownership;
  /** The prefix of this world, and the id of its case. */
  readonly name: string;
  readonly suspect: Suspect;
  readonly provider: Provider;
  readonly watched: Watched;
  readonly wait: () => Promise<unknown>;
}

function worldOf({ accountId, clients, ownership, name, suspect, provider, watched, wait }: Parts): ActionWorld {
  return {
    provider,
    accountId,
    choose(id) {
      const assumed = { roleArn: suspect.roleArn, sessionName: 's', at: '' };
      const facts = { assumedRoles: [assumed], around: {} } as unknown as ActivityFacts;
      return selected(provider, provider.propose(suspect.principal, facts, name, BUILT).requests, id);
    },
    snapshot: wait,
    forgetCalls: () => void (watched.calls.length = 0),
    writes: () => writes(watched.calls),
    permissionsUsed: () => watched.calls.map(({ service, operation }) => `${service}:${operation}`),
    asMade: (calls, prior) => atTheMoment(withoutSecrets(calls), prior),
    wrongTargets(id) {
      const kind = id === 'revoke-role-sessions' ? 'role' : 'user';
      const arn = `arn:aws:iam::${accountId}:`;
      return [`${arn}${kind}/*`, `${arn}${kind}/`, `arn:aws:iam::000000000000:${kind}/${name}suspect`, `${arn}root`];
    },
    breakWrites: (fault) => void (watched.fault = fault && offTheWire(fault)),
    async stop() {
      watched.fault = null;
      for (const one of await leftOvers(clients, new Ownership({ prefix: name }))) await one.remove();
      ownership.requireNothingRefused();
    },
  };
}

/** The credentials are the SDK's own affair. Only a test of the suite itself names another endpoint. */
function settingsOf(environment: Environment, propagationSeconds: number): AwsSettings {
  const endpoint = environment['CORDON_LIVE_AWS_ENDPOINT'];
  const region = environment['AWS_REGION'] ?? 'us-east-1';
  return { region, logRegions: [region], propagationSeconds, ...(endpoint ? { endpoint } : {}) };
}

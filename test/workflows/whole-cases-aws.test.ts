import { afterAll, afterEach, beforeAll, test } from 'vitest';

import type { Principal } from '../../src/domain/principal.ts';
import { AWS_ACTIONS } from '../../src/providers/aws/actions/index.ts';
import type { AwsCredentials } from '../../src/providers/aws/index.ts';
import type { KillableWorkers } from '../faults/killable-cordon.ts';
import { startKillableWorkers } from '../faults/killable-cordon.ts';
import { buildPeople, type PeopleStage } from '../providers/aws/identity-center-stage.ts';
import { leaveBehind, PERSISTENCE, trust } from '../providers/aws/persistence.ts';
import { tries } from '../providers/aws/stage.ts';
import { startMiniStack, type MiniStack } from '../support/processes/ministack.ts';
import { type KnownSuspect, expectWholeCase, type WholeCase } from './whole-case.ts';

let ministack: MiniStack;
let people: PeopleStage;
let parts = new AsyncDisposableStack();
beforeAll(async () => void (ministack = await startMiniStack()));
afterAll(() => ministack?.stop());
afterEach(async () => {
  await parts.disposeAsync();
  parts = new AsyncDisposableStack();
});

async function workersOn({ settings }: PeopleStage): Promise<KillableWorkers> {
  const { region, logRegions, endpoint, identityCenter, credentials } = settings;
  const times = { logDelaySeconds: 0, propagationSeconds: 1, quietSeconds: 1, lookupsPerSecond: 1000 };
  const workers = await startKillableWorkers({
    section: (actions) => ({
      aws: { region, logRegions, endpoint, identityCenter, ...times, ...(actions.length > 0 ? { actions } : {}) },
    }),
    environment: {
      AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    },
  });
  parts.defer(() => workers.stop());
  return workers;
}

type Tries = Readonly<Record<string, () => Promise<string>>>;

function known(principal: Principal, credentials: Tries): KnownSuspect {
  return {
    principal,
    passes: async () => {
      const tried = Object.entries(credentials).map(async ([name, attempt]) =>
        (await attempt()) === 'accepted' ? [name] : [],
      );
      return (await Promise.all(tried)).flat();
    },
    state: async () => ({ account: await people.stage.snapshot(), people: await people.snapshot() }),
  };
}

const calls = (credentials: AwsCredentials) => () => tries(people.stage, credentials);

async function user(name: string): Promise<{ readonly principal: Principal; readonly key: AwsCredentials }> {
  const { arn, id, key } = await people.stage.createUser(name);
  const { accountId } = ministack;
  return { principal: { cloud: 'aws', kind: 'iam-user', accountId, name, arn, uniqueId: id }, key };
}

async function userWithKey(): Promise<KnownSuspect> {
  const { principal, key } = await user('alice');
  return known(principal, { 'the key': calls(key) });
}

/** Mallory holds a session of a role that carol works with too. */
async function roleSession(): Promise<KnownSuspect> {
  const { stage } = people;
  const [mallory, carol] = [await stage.createUser('mallory'), await stage.createUser('carol')];
  const role = await stage.createRole('ops', trust(mallory.arn, carol.arn));
  const session = await stage.assume(mallory.key, role.arn, 'stolen');
  await tries(stage, session);
  const value = `arn:aws:sts::${ministack.accountId}:assumed-role/ops/stolen`;
  const found = await people.provider.resolve([{ form: 'arn', value }], ministack.accountId);
  if (found.status !== 'resolved') throw new Error(found.reason);
  const again = () =>
    stage.assume(mallory.key, role.arn, 'again').then(
      () => 'accepted',
      (error: unknown) => (error as Error).name,
    );
  return known(found.principal, { 'the session': calls(session), 'the way in': again });
}

async function withBackdoor(): Promise<KnownSuspect> {
  const left = PERSISTENCE.find(({ action }) => action === 'detach-policies');
  if (!left?.gives) throw new Error('There is no such thing to leave behind.');
  const { principal, key } = await user('alice');
  await leaveBehind(people.stage, key, left);
  return known(principal, {
    'the key': calls(key),
    'what it left behind': async () => left.gives?.(people.stage) ?? 'unknown',
  });
}

async function portalUser(): Promise<KnownSuspect> {
  const { center, jane, admin, principal } = people;
  return known(principal, { 'the session': calls(await center.signIn(jane, admin)) });
}

const USER = ['deny-principal', 'deactivate-access-keys'] as const;
const ROWS: readonly WholeCase[] = [
  {
    name: 'a stolen session of a role, whose way in is closed while others go on',
    actions: ['close-role-trust', 'revoke-role-sessions'],
    suspect: roleSession,
    end: 'MONITORING',
    does: ['close-role-trust', 'revoke-role-sessions'],
  },
  {
    name: 'a user of Identity Center, whom nothing disables: never called contained',
    actions: ['deny-permission-set-user', 'remove-account-assignments', 'revoke-role-sessions'],
    suspect: portalUser,
    end: 'MONITORING_PARTIAL',
    does: ['deny-permission-set-user', 'remove-account-assignments'],
  },
  {
    name: 'a policy that the suspect attached for later',
    actions: [...USER, 'detach-policies'],
    suspect: withBackdoor,
    end: 'MONITORING',
    does: [...USER, 'detach-policies'],
  },
  {
    name: 'a soft quarantine in the place of the deny: watched, and never called contained',
    actions: ['quarantine-principal', 'deactivate-access-keys'],
    suspect: userWithKey,
    end: 'MONITORING_PARTIAL',
    does: ['quarantine-principal', 'deactivate-access-keys'],
  },
  {
    name: "a user whose case is rolled back after Temporal's retention",
    actions: USER,
    suspect: userWithKey,
    end: 'MONITORING',
    does: USER,
    forgotten: true,
  },
];

test.each(ROWS.map((row) => [row.name, row] as const))('%s', { timeout: 120_000 }, async (_, row) => {
  people = await buildPeople(ministack, Object.keys(AWS_ACTIONS));
  parts.defer(() => people.center.stop());
  await expectWholeCase(await workersOn(people), row);
});

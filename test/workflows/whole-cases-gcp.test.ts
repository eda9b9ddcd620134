import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { iam_v1 as iam } from '@googleapis/iam';
import { logging_v2 as logging } from '@googleapis/logging';
import { afterEach, test } from 'vitest';

import type { KillableWorkers } from '../faults/killable-cordon.ts';
import { startKillableWorkers } from '../faults/killable-cordon.ts';
import { buildStage, type Stage } from '../providers/gcp/stage.ts';
import { bearer, credentialsOf } from '../support/gcp/index.ts';
import { type KnownSuspect, expectWholeCase, type WholeCase } from './whole-case.ts';

const ADMIN = 'admin@example.com';
const AUDIT = { name: 'audit', destination: 'storage.googleapis.com/shop-audit', filter: 'severity>=NOTICE' };
const SINK = 'projects/shop-prod/sinks/audit';

let parts = new AsyncDisposableStack();
afterEach(async () => {
  await parts.disposeAsync();
  parts = new AsyncDisposableStack();
});

async function workersOn({ gcp, settings }: Stage): Promise<KillableWorkers> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-whole-'));
  parts.defer(() => rm(directory, { recursive: true }));
  const keyFile = join(directory, 'credentials.json');
  await writeFile(keyFile, JSON.stringify(settings.credentials));
  const { projects } = settings;
  const times = { logDelaySeconds: 0, propagationSeconds: 1, quietSeconds: 1 };
  const workers = await startKillableWorkers({
    section: (actions) => ({
      aws: { enabled: false },
      gcp: { projects, endpoint: gcp.url, ...times, ...(actions.length > 0 ? { actions } : {}) },
    }),
    environment: { GOOGLE_APPLICATION_CREDENTIALS: keyFile },
  });
  parts.defer(() => workers.stop());
  return workers;
}

function deployerOf({ gcp, key, deployer }: Stage): KnownSuspect {
  const client = new iam.Iam({ rootUrl: `${gcp.url}/`, auth: credentialsOf(key), retry: false });
  return {
    principal: deployer,
    async passes() {
      try {
        await client.projects.serviceAccounts.list({ name: 'projects/shop-prod' });
        return ['the key'];
      } catch (error) {
        const { status } = error as { status?: number };
        if (status === undefined || status >= 500) throw error;
        return [];
      }
    },
    // A sink that is made again has times of its own, and every write of a policy an etag.
    state: () =>
      JSON.parse(gcp.snapshot().replaceAll(/"(?:createTime|updateTime|etag)":"[^"]*"/gu, '"left":0')) as unknown,
  };
}

async function enablesAccount({ gcp, deployer }: Stage): Promise<void> {
  const client = new iam.Iam({ rootUrl: `${gcp.url}/`, auth: bearer(gcp.accessToken(ADMIN)), retry: false });
  await client.projects.serviceAccounts.enable({ name: `projects/-/serviceAccounts/${deployer.name}` });
}

/** An administrator made the sink; the suspect deletes it. */
async function losesSink({ gcp, shop, member, key }: Stage): Promise<void> {
  const as = (auth: ReturnType<typeof bearer>) => new logging.Logging({ rootUrl: `${gcp.url}/`, auth });
  gcp.bind(shop, 'roles/logging.configWriter', `user:${ADMIN}`);
  gcp.bind(shop, 'roles/logging.configWriter', member);
  await as(bearer(gcp.accessToken(ADMIN))).projects.sinks.create({ parent: 'projects/shop-prod', requestBody: AUDIT });
  await as(credentialsOf(key)).projects.sinks.delete({ sinkName: SINK });
}

const ACCOUNT = ['disable-service-account-keys', 'disable-service-account'] as const;
type Row = Omit<WholeCase, 'suspect' | 'undo'> & {
  readonly dataAccessLogs: boolean;
  readonly prepare?: (stage: Stage) => Promise<void>;
  readonly drift?: (stage: Stage) => Promise<void>;
};
const ROWS: readonly Row[] = [
  {
    name: 'a service account that an administrator enables again in the watch',
    dataAccessLogs: true,
    actions: ACCOUNT,
    end: 'MONITORING',
    does: ACCOUNT,
    drift: enablesAccount,
  },
  {
    name: "reads that are not logged, which is Google's default: watched, and never called contained",
    dataAccessLogs: false,
    actions: ACCOUNT,
    end: 'MONITORING_PARTIAL',
    does: ACCOUNT,
    drift: enablesAccount,
  },
  {
    name: 'a log sink that the suspect deleted',
    dataAccessLogs: true,
    actions: [...ACCOUNT, 'restore-log-sinks'],
    end: 'MONITORING',
    does: [...ACCOUNT, 'restore-log-sinks'],
    prepare: losesSink,
  },
];

test.each(ROWS.map((row) => [row.name, row] as const))('%s', { timeout: 120_000 }, async (_, whole) => {
  const { dataAccessLogs, prepare, drift, ...row } = whole;
  const stage = await buildStage({ dataAccessLogs });
  parts.defer(() => stage.gcp.stop());
  stage.gcp.addUser(ADMIN);
  stage.gcp.bind(stage.shop, 'roles/iam.serviceAccountAdmin', `user:${ADMIN}`);
  await prepare?.(stage);
  const undo = drift && (() => drift(stage));
  const suspect = async () => deployerOf(stage);
  await expectWholeCase(await workersOn(stage), { ...row, suspect, ...(undo ? { undo } : {}) });
});

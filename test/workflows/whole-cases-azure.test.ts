import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, test } from 'vitest';

import type { AzurePrincipal } from '../../src/domain/principal.ts';
import type { CloudOfWorkers, KillableWorkers } from '../faults/killable-cordon.ts';
import { startKillableWorkers } from '../faults/killable-cordon.ts';
import { buildStage, VM, type Stage } from '../providers/azure/stage.ts';
import { heldToken } from '../support/azure/clients.ts';
import type { AddedApplication } from '../support/azure/index.ts';
import { type KnownSuspect, expectWholeCase, type WholeCase } from './whole-case.ts';

let stage: Stage;
let helpDesk: AddedApplication;
let workers: KillableWorkers;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  stage = await buildStage();
  parts.defer(() => stage.azure.stop());
  helpDesk = stage.azure.build.addApplication('helpdesk', { permissions: ['User.ReadWrite.All'] });
  const directory = await mkdtemp(join(tmpdir(), 'cordon-whole-'));
  parts.defer(() => rm(directory, { recursive: true }));
  const certificate = join(directory, 'ca.pem');
  await writeFile(certificate, stage.azure.ca);
  workers = await startKillableWorkers(cloudOf(stage, certificate));
  parts.defer(() => workers.stop());
});
afterAll(() => parts.disposeAsync());

function cloudOf({ azure, cordon, settings }: Stage, certificate: string): CloudOfWorkers {
  const { tenantId, subscriptions, endpoints, tightenTo } = settings;
  const times = { logDelaySeconds: 0, propagationSeconds: 1, quietSeconds: 1 };
  return {
    section: (actions) => ({
      aws: { enabled: false },
      azure: { tenantId, subscriptions, endpoints, tightenTo, ...times, ...(actions.length > 0 ? { actions } : {}) },
    }),
    environment: {
      NODE_EXTRA_CA_CERTS: certificate,
      AZURE_TENANT_ID: azure.tenantId,
      AZURE_CLIENT_ID: cordon.appId,
      AZURE_CLIENT_SECRET: cordon.secret,
    },
  };
}

/** Of a token that is out already: whether it may still change the machine. Reading it would be a call that got through. */
async function withToken(principal: AzurePrincipal, without?: RegExp): Promise<KnownSuspect> {
  const token = heldToken(await stage.azure.issueToken({ objectId: principal.uniqueId ?? '' }));
  const machine = `${stage.group}/providers/${VM}/web-1?api-version=2024-07-01`;
  return {
    principal,
    passes: async () => {
      const { status } = await stage.clients.call(token, 'PUT', machine, { location: 'westeurope' });
      return status < 300 ? ['the token'] : [];
    },
    state: () => {
      const text = JSON.stringify(stage.azure.snapshot());
      return JSON.parse(without ? text.replaceAll(without, '"left":0') : text) as unknown;
    },
  };
}

async function enables({ principal }: KnownSuspect): Promise<void> {
  const path = `/v1.0/users/${principal.uniqueId ?? ''}`;
  const { status } = await stage.clients.call(stage.clients.credential(helpDesk), 'PATCH', path, {
    accountEnabled: true,
  });
  if (status >= 300) throw new Error(`The desk was refused: ${status}`);
}

const ROLES = ['remove-role-assignments', 'remove-eligible-roles'] as const;
const ROWS: readonly WholeCase[] = [
  {
    name: 'a service principal whose roles are tightened: it may still read, so it is never called contained',
    actions: ['tighten-role-assignments', 'remove-eligible-roles'],
    suspect: () => withToken(stage.pipeline),
    end: 'MONITORING_PARTIAL',
    does: ['tighten-role-assignments'],
  },
  {
    name: 'a managed identity, which nobody can disable',
    actions: ROLES,
    suspect: () => withToken(stage.identity),
    end: 'MONITORING_PARTIAL',
    does: ['remove-role-assignments'],
  },
  {
    name: 'an Entra user, whom the help desk enables again in the watch',
    actions: ['disable-user', 'revoke-sign-in-sessions', ...ROLES],
    suspect: () => withToken(stage.alice, /"sessionsValidFromMs":\d+/gu),
    end: 'MONITORING',
    does: ['disable-user', 'revoke-sign-in-sessions', ...ROLES],
    undo: enables,
  },
];

test.each(ROWS.map((row) => [row.name, row] as const))('%s', { timeout: 120_000 }, (_, row) =>
  expectWholeCase(workers, row),
);

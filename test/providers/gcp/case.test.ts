import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadSigningKey, loadVerifyingKey } from '../../../src/approval/keys.ts';
import type { DecisionSigner } from '../../../src/approval/port.ts';
import { decisionSigner } from '../../../src/approval/signer.ts';
import { approvalVerifier } from '../../../src/approval/verifier.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { applyAction } from '../../../src/containment/apply.ts';
import type { ContainmentDependencies } from '../../../src/containment/dependencies.ts';
import { planContainment } from '../../../src/containment/plan.ts';
import { planRollback, revertAction, verifyRollback } from '../../../src/containment/rollback.ts';
import { verifyContainment } from '../../../src/containment/verify.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { GcpPrincipal } from '../../../src/domain/principal.ts';
import { createCipher } from '../../../src/encryption/cipher.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Store } from '../../../src/store/port.ts';
import { accept } from '../../contracts/store/samples.ts';
import { credentialsOf } from '../../support/gcp/index.ts';
import { ALL, CASE, clientOf, stage, tries, useStage } from './stage.ts';

useStage();

let store: Store;
let signer: DecisionSigner;
let dependencies: ContainmentDependencies;
let alertIds: readonly string[];

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gcp-case-'));
  const files = { signingKeyFile: join(directory, 'approval.key'), publicKeyFile: join(directory, 'approval.pub') };
  signer = decisionSigner(await loadSigningKey(files));
  const keys = [await loadVerifyingKey(files.publicKeyFile)];
  store = await openStore({ path: join(directory, 'cordon.db'), cipher: createCipher([randomBytes(32)]) });
  const now = new Date().toISOString();
  const { stored } = await accept(store, 'burst', {
    cloud: 'gcp',
    accountId: 'shop-prod',
    firstSeen: now,
    lastSeen: now,
  });
  alertIds = [stored.alert.alertId];
  dependencies = {
    config: configOf(ALL),
    store,
    verifier: approvalVerifier({ keys, approvers: [{ id: 'erin', identities: [] }] }),
    providers: { gcp: stage.provider },
    now: () => new Date(),
  };
});
afterEach(() => store.close());

const configOf = (actions: readonly string[]) =>
  configSchema.parse({ mode: 'approve', gcp: { projects: ['shop-prod'], actions } });

const open = (principal: GcpPrincipal) => planContainment({ caseId: CASE, principal, alertIds }, dependencies);

async function carryOut(plan: Plan): Promise<readonly string[]> {
  const { caseId, digest: planDigest } = plan;
  const decidedAt = new Date().toISOString();
  const nonce = randomBytes(16).toString('hex');
  const decisions = [
    await signer.sign({ caseId, planDigest, decision: 'approve', actor: 'erin', channel: 'cli', decidedAt, nonce }),
  ];
  const act = plan.kind === 'rollback' ? revertAction : applyAction;
  const ends: string[] = [];
  for (const { sequence } of plan.actions)
    ends.push((await act({ planDigest, sequence, decisions }, dependencies)).status);
  return ends;
}

function check({ digest: planDigest }: Plan) {
  const since = new Date().toISOString();
  return verifyContainment({ planDigest, since, requireLog: true, alertIds }, dependencies);
}

describe('a case about a service account', () => {
  it('is contained, proved, and put back to the letter', async () => {
    expect(await tries(stage.key)).toBe('accepted');
    const snapshot = stage.gcp.snapshot();
    const plan = await open(stage.deployer);
    expect(plan).toMatchObject({ obstacles: [], caveats: [] });
    expect(plan.actions.map(({ request }) => request.action)).toEqual(ALL.slice(0, 3));
    expect(await carryOut(plan)).toEqual(['applied', 'applied', 'applied']);
    expect(await tries(stage.key)).toBe('400');
    expect(await check(plan)).toMatchObject({ status: 'clean' });
    const rollback = await planRollback({ caseId: CASE }, dependencies);
    expect(await carryOut(rollback)).toEqual(['reverted', 'reverted', 'reverted']);
    expect(await verifyRollback({ planDigest: rollback.digest }, dependencies)).toEqual({ status: 'clean', lines: [] });
    expect(stage.gcp.snapshot()).toEqual(snapshot);
    expect(await tries(stage.key)).toBe('accepted');
  });

  it('is not clean while the suspect still gets through', async () => {
    const plan = await open(stage.deployer);
    await carryOut(plan);
    stage.gcp.bind(stage.shop, 'roles/editor', stage.member);
    expect(await check(plan)).toMatchObject({
      status: 'drifted',
      lines: expect.arrayContaining([expect.stringContaining('roles/editor on projects/shop-prod')]),
    });
  });

  it.each([
    ['the key that it made for another account', ALL, 'clean'],
    ['no such key where that is not enabled, which the plan says', ALL.slice(0, 3), 'drifted'],
  ])('takes %s', async (_, actions, status) => {
    dependencies = { ...dependencies, config: configOf(actions) };
    stage.gcp.bind(stage.shop, 'roles/iam.serviceAccountKeyAdmin', stage.member);
    const thief = clientOf(credentialsOf(stage.key));
    await thief.projects.serviceAccounts.keys.create({ name: stage.billing.name });
    const plan = await open(stage.deployer);
    expect(plan.caveats.join(' ').includes(stage.billing.name)).toBe(status === 'drifted');
    await carryOut(plan);
    expect(await check(plan)).toMatchObject({ status });
  });

  it('leaves Cordon itself alone', async () => {
    const [self] = (await stage.provider.selves()) as [GcpPrincipal];
    const refused = { obstacles: [expect.stringMatching(/Cordon itself/u)], actions: [] };
    expect(await open({ ...self, accountId: 'cordon-home' })).toMatchObject(refused);
  });
});

describe('a case about a person', () => {
  it('takes the roles, and stays partial: the Google account itself is for Workspace', async () => {
    const alice: GcpPrincipal = { cloud: 'gcp', kind: 'google-user', accountId: 'goog', name: 'alice@example.com' };
    stage.gcp.addUser(alice.name);
    stage.gcp.bind(stage.shop, 'roles/owner', `user:${alice.name}`);
    const snapshot = stage.gcp.snapshot();
    const plan = await open(alice);
    expect(await carryOut(plan)).toEqual(['applied']);
    expect(stage.gcp.snapshot()).not.toContain('roles/owner');
    expect(await check(plan)).toMatchObject({
      status: 'drifted',
      lines: expect.arrayContaining([expect.stringContaining('Workspace')]),
    });
    await carryOut(await planRollback({ caseId: CASE }, dependencies));
    expect(stage.gcp.snapshot()).toEqual(snapshot);
  });
});

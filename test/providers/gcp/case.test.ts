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
import { ALL, bindingsOn, CASE, clientOf, give, stage, tries, useStage } from './stage.ts';

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

const MALLORY = 'user:mallory@example.net';
const RESCUE = { principal: 'principal://goog/subject/rescue@example.com', reason: 'who comes when all else fails' };

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
    ['the key that it made for another account', ALL, 0],
    ['no such key where that is not enabled, which the plan says', ALL.slice(0, 3), 1],
  ])('takes %s', async (_, actions, gaps) => {
    dependencies = { ...dependencies, config: configOf(actions) };
    stage.gcp.bind(stage.shop, 'roles/iam.serviceAccountKeyAdmin', stage.member);
    const thief = clientOf(credentialsOf(stage.key));
    await thief.projects.serviceAccounts.keys.create({ name: stage.billing.name });
    const plan = await open(stage.deployer);
    expect(plan.caveats.join(' ').includes(stage.billing.name)).toBe(gaps === 1);
    await carryOut(plan);
    const { status, gaps: found = [] } = await check(plan);
    expect({ status, gaps: found.length }).toEqual({ status: 'clean', gaps });
  });

  it('takes back what it gave to others, but never from Cordon or from whom the configuration protects', async () => {
    const [cordon, rescue, mallory] = [`serviceAccount:${stage.cordonEmail}`, 'user:Rescue@example.com', MALLORY];
    dependencies = { ...dependencies, config: { ...configOf(ALL), protected: [RESCUE] } };
    stage.gcp.bind(stage.shop, 'roles/owner', stage.member);
    await give(stage.shop, 'roles/editor', [cordon, rescue, mallory]);
    const plan = await open(stage.deployer);
    const removals = plan.actions.filter(({ request }) => request.action === 'remove-granted-bindings');
    expect(removals.map(({ request }) => request.target)).toEqual([expect.stringContaining(mallory)]);
    expect(plan.caveats).toEqual([
      expect.stringMatching(/#serviceAccount:cordon@.* is left out: .*Cordon itself/u),
      expect.stringMatching(/#user:Rescue@example\.com is left out: .*who comes when all else fails/u),
    ]);
    await carryOut(plan);
    const editors = bindingsOn(stage.shop).find((line) => line.startsWith('roles/editor:')) ?? '';
    expect(editors.split(' ').slice(1).toSorted()).toEqual([cordon, rescue].toSorted());
    expect(await carryOut(await planRollback({ caseId: CASE }, dependencies))).not.toContain('failed');
    expect(bindingsOn(stage.shop).join()).toContain(mallory);
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
    stage.gcp.bind(stage.shop, 'roles/viewer', `user:${alice.name}`);
    const snapshot = stage.gcp.snapshot();
    const plan = await open(alice);
    expect(await carryOut(plan)).toEqual(['applied']);
    expect(stage.gcp.snapshot()).not.toContain(alice.name);
    expect(await check(plan)).toMatchObject({ status: 'clean', gaps: [expect.stringContaining('Workspace')] });
    await carryOut(await planRollback({ caseId: CASE }, dependencies));
    expect(stage.gcp.snapshot()).toEqual(snapshot);
  });
});

import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { ASKED_SWEEP_ID, respondWorkflowId, secondPlanWorkflowId } from '../../src/contracts/ids.ts';
import { SWEEP_ORPHANS } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { CaseState } from '../../src/domain/case.ts';
import type { OrphanReport } from '../../src/domain/orphan.ts';
import { CaseUnderTest, NAMESPACE, startCordon, type Cordon, type CordonOptions } from '../support/cordon.ts';
import { Adversary } from '../workflows/adversary.ts';
import { FOLDER, TEST_ONLY_KEY_FILE, writeHistory, type Recorded } from './recorded.ts';

/**
 * Runs each workflow once against the real parts and writes its history into this folder:
 * `node scripts/run.mjs test/histories/record.ts`. Do so with every release that changes workflows on purpose, and keep the files of released
 * versions under a name of their own: cases that wait for days are replayed by the next version.
 */
const AUTOMATION = { address: '192.0.2.10', network: '192.0.2.0/24' };
const directory = await mkdtemp(join(tmpdir(), 'cordon-histories-'));
const payloadKeyFile = join(directory, 'payload.key');
await copyFile(TEST_ONLY_KEY_FILE, payloadKeyFile);
// A checkout makes it readable for all, which Cordon refuses of a key.
await chmod(payloadKeyFile, 0o600);

const options: CordonOptions = {
  payloadKeyFile,
  allowlist: [
    {
      name: 'terraform plan',
      kind: 'infrastructure-as-code',
      principal: 'arn:aws:iam::123456789012:user/terraform-ci',
      networks: [AUTOMATION.network],
      actions: ['ec2:Describe*'],
      owner: 'platform',
      reason: 'Nightly plan',
      expires: '2099-12-31',
    },
  ],
};
const cordon = await startCordon(options);
try {
  await suppressed(cordon);
  await contained(cordon);
  await denied(cordon);
  await undone(cordon);
  await cordon.restart({ ...options, watch: { hours: 0.5, everyMinutes: 2 / 60 } });
  await watched(cordon);
  await swept(cordon);
  await cordon.restart({ ...options, aws: { actions: ['deny-principal', 'deactivate-access-keys', 'delete-access-keys'] } });
  await deleted(cordon);
} finally {
  await cordon.stop();
  await rm(directory, { recursive: true, force: true });
}

async function suppressed({ stage, ...rest }: Cordon): Promise<void> {
  const { principal, key } = await rest.createUser('terraform-ci');
  await stage.ministack.ageLog(24 * 3600);
  await stage.as(key, AUTOMATION.address).ec2.send(new DescribeInstancesCommand({}));
  const alertId = await rest.alertOn(principal, { sourceAddresses: [AUTOMATION.address] });
  await expectEnd(rest.verdictOn(alertId), 'suppress');
  await keep('respond-to-alert-suppressed', respondWorkflowId(alertId));
}

async function contained(running: Cordon): Promise<void> {
  const { principal } = await running.createUser('alice');
  const alertId = await running.alertOn(principal);
  const thisCase = new CaseUnderTest(running, principal, alertId);
  await thisCase.asked();
  await running.verdictOn(await running.alertOn(principal));
  await thisCase.approve();
  await expectEnd(thisCase.handle.result(), 'CONTAINED');
  await keep('respond-to-alert-contain', respondWorkflowId(alertId));
  await keep('contain-principal-contained', thisCase.workflowId);
  await running.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'A drill' });
  await thisCase.approve();
  const rollback = secondPlanWorkflowId(thisCase.caseId);
  await expectEnd(running.temporal.workflow.getHandle(rollback).result(), 'ROLLED_BACK');
  await keep('roll-back-rolled-back', rollback);
}

async function denied(running: Cordon): Promise<void> {
  const { principal } = await running.createUser('denis');
  const thisCase = new CaseUnderTest(running, principal, await running.alertOn(principal));
  await thisCase.asked();
  const { planDigest } = (await thisCase.record()) ?? {};
  await running.as('dana', `/v1/cases/${thisCase.caseId}/decisions`, { planDigest, decision: 'deny', reason: 'Drill' });
  await expectEnd(thisCase.handle.result(), 'REJECTED');
  await keep('contain-principal-rejected', thisCase.workflowId);
}

async function undone(running: Cordon): Promise<void> {
  const { principal } = await running.createUser('nora');
  const thisCase = new CaseUnderTest(running, principal, await running.alertOn(principal));
  await thisCase.approve();
  await reaches(thisCase, 'VERIFYING');
  await new Adversary(running.stage, 'nora').removesDeny();
  await expectEnd(thisCase.handle.result(), 'CONTAINED');
  await keep('contain-principal-undone', thisCase.workflowId);
}

async function watched(running: Cordon): Promise<void> {
  const { principal } = await running.createUser('paul');
  const thisCase = new CaseUnderTest(running, principal, await running.alertOn(principal));
  await thisCase.approve();
  await reaches(thisCase, 'MONITORING');
  await new Adversary(running.stage, 'paul').removesDeny();
  await reaches(thisCase, 'AWAITING_APPROVAL');
  await thisCase.approve();
  await reaches(thisCase, 'MONITORING');
  await running.as('erin', `/v1/cases/${thisCase.caseId}/rollback`, { reason: 'A drill' });
  await thisCase.approve();
  await expectEnd(thisCase.handle.result(), 'CLOSED');
  await keep('contain-principal-watched', thisCase.workflowId);
  const rollback = secondPlanWorkflowId(thisCase.caseId);
  await expectEnd(running.temporal.workflow.getHandle(rollback).result(), 'ROLLED_BACK');
  await keep('roll-back-in-the-watch', rollback);
}

/** It finds a policy under Cordon's mark that no case of ours put there. */
async function swept(running: Cordon): Promise<void> {
  const { principal } = await running.createUser('greta');
  const statement = { Effect: 'Deny', Action: '*', Resource: '*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const put = { UserName: principal.name, PolicyName: `CordonDeny-ca_${'0'.repeat(32)}`, PolicyDocument };
  await running.stage.admin.iam.send(new PutUserPolicyCommand(put));
  const sweep = await running.temporal.workflow.start(SWEEP_ORPHANS, {
    workflowId: ASKED_SWEEP_ID,
    taskQueue: QUEUES.decide,
  });
  const { orphans } = (await sweep.result()) as OrphanReport;
  if (orphans.length !== 1) throw new Error(`It found ${orphans.length} orphans instead of one: nothing is recorded.`);
  await keep('sweep-orphans-found', ASKED_SWEEP_ID);
}

/** The last one: Cordon's clock does not go back. */
async function deleted(running: Cordon): Promise<void> {
  const { principal } = await running.createUser('hana');
  const thisCase = new CaseUnderTest(running, principal, await running.alertOn(principal));
  await thisCase.approve();
  await expectEnd(thisCase.handle.result(), 'CONTAINED');
  goOnIn(31);
  await running.as('dana', `/v1/cases/${thisCase.caseId}/key-deletion`, { reason: 'The owner has a new key' });
  // A change that is final takes two people.
  const request = await thisCase.asked();
  for (const name of ['dana', 'erin'] as const) await running.person(name).click(request, 'cordon.approve');
  const deletion = secondPlanWorkflowId(thisCase.caseId);
  await expectEnd(running.temporal.workflow.getHandle(deletion).result(), 'CONTAINED');
  await keep('delete-keys-deleted', deletion);
}

/** By the clock of this process; Temporal and AWS keep their own. */
function goOnIn(days: number): void {
  const Present = Date;
  const now = () => Present.now() + days * 24 * 3_600_000;
  globalThis.Date = class extends Present {
    constructor(...given: readonly unknown[]) {
      super(...((given.length === 0 ? [now()] : given) as [number]));
    }
    static override now(): number {
      return now();
    }
  } as DateConstructor;
}

async function reaches(thisCase: CaseUnderTest, state: CaseState): Promise<void> {
  while ((await thisCase.state()) !== state) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function expectEnd(running: Promise<unknown>, end: string): Promise<void> {
  const result = await running;
  if (result !== end) throw new Error(`It ended as ${String(result)} instead of ${end}: nothing is recorded.`);
}

async function keep(name: string, workflowId: string): Promise<void> {
  const history = await cordon.temporal.workflow.getHandle(workflowId).fetchHistory();
  const recorded: Recorded = { namespace: NAMESPACE, workflowId, history: writeHistory(history) };
  const text = JSON.stringify(recorded, withoutMachine, 1);
  await writeFile(`${FOLDER}${name}.json`, `${text}\n`);
  process.stdout.write(`${name}: ${recorded.history.events.length} events\n`);
}

/** Temporal keeps the name of the machine: as the identity of each worker, and in the name of its own queue. */
function withoutMachine(field: string, value: unknown): unknown {
  if (field === 'identity') return 'recorder';
  return field === 'name' && typeof value === 'string' ? value.replaceAll(hostname(), 'recorder') : value;
}

import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import type { Client } from '@temporalio/client';

import { caseWorkflowId } from '../../src/contracts/ids.ts';
import { RESPOND_TO_ALERT } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { buildStage } from '../../test/providers/aws/stage.ts';
import { startMiniStack } from '../../test/support/processes/ministack.ts';
import { APPROVER, openProduct, type Product } from '../product.ts';
import type { Progress, Row } from '../report.ts';
import { alertBody, standInProvider } from '../stand-in.ts';

/** A number of an alert that no other measure uses. */
const FIRST = 200_000;
const WITHIN_MS = 60_000;

/** Events and bytes as the server counts them, of histories that really ran. */
export async function measureHistory(address: string, progress: Progress): Promise<readonly Row[]> {
  progress('one alert that is suppressed');
  const suppressed = await suppressOne(address);
  progress('one alert that is contained, on MiniStack');
  const contained = await containOne(address);
  return [
    { name: 'events, suppressed alert', unit: '', value: suppressed.events, target: { is: 'at most', value: 40 } },
    { name: 'bytes, suppressed alert', unit: '', value: suppressed.bytes },
    {
      name: 'events, contained alert (both workflows)',
      unit: '',
      value: contained.events,
      target: { is: 'at most', value: 150 },
    },
    { name: 'bytes, contained alert (both workflows)', unit: '', value: contained.bytes },
  ];
}

interface Size {
  readonly events: number;
  readonly bytes: number;
}

async function suppressOne(address: string): Promise<Size> {
  await using product = await openProduct(address, standInProvider());
  await product.startWorkers();
  return await respond(product, alertBody(FIRST), 'suppress');
}

/** The real provider against MiniStack; a person's decision comes by the gateway, signed. */
async function containOne(address: string): Promise<Size> {
  await using running = new AsyncDisposableStack();
  const ministack = await startMiniStack();
  running.defer(() => ministack.stop());
  const stage = await buildStage(ministack);
  const user = await stage.createUser('alice');
  await stage.newKey('alice');
  const role = await stage.createRole('deploy');
  await stage.assume(user.key, role.arn, 'bench');
  await stage.as(user.key).ec2.send(new DescribeInstancesCommand({}));
  const { accountId } = ministack;
  const alice: Principal = { cloud: 'aws', kind: 'iam-user', accountId, name: 'alice', arn: user.arn };

  await using product = await openProduct(address, stage.provider);
  await product.startWorkers();
  const at = new Date().toISOString();
  const body = { ...alertBody(FIRST + 1), principal: { userName: 'alice' }, firstSeen: at, lastSeen: at };
  const response = await respond(product, body, 'contain');
  const workflowId = caseWorkflowId(alice);
  await approve(product);
  const end: unknown = await within(product.client, () => product.client.workflow.getHandle(workflowId).result());
  if (end !== 'CONTAINED') throw new Error(`The case ended ${String(end)}, not CONTAINED.`);
  const containment = await sizeOf(product.client, workflowId);
  return { events: response.events + containment.events, bytes: response.bytes + containment.bytes };
}

async function respond(product: Product, body: unknown, expected: string): Promise<Size> {
  const { client } = product;
  const { alertId, workflowId } = await product.take(body);
  const options = { workflowId, taskQueue: QUEUES.decide, args: [{ alertId }] };
  const outcome: unknown = await within(client, () => client.workflow.execute(RESPOND_TO_ALERT, options));
  if (outcome !== expected) throw new Error(`The alert ended with ${String(outcome)}, not with ${expected}.`);
  return sizeOf(client, workflowId);
}

async function approve({ store, gateway }: Product): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const [open] = await store.cases.list({ limit: 1 });
    if (open?.state === 'AWAITING_APPROVAL' && open.planDigest !== undefined) {
      const { caseId, planDigest } = open;
      const answer = await gateway.decide({ caseId, planDigest, decision: 'approve', actor: APPROVER, channel: 'cli' });
      if (answer.status === 'accepted') return;
      throw new Error(`The approval was refused: ${answer.reason}`);
    }
    if (Date.now() > deadline)
      throw new Error(`No plan was proposed in time; the case is ${open?.state ?? 'not there'}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function sizeOf(client: Client, workflowId: string): Promise<Size> {
  const { historyLength, historySize } = await client.workflow.getHandle(workflowId).describe();
  if (!historySize) throw new Error(`The server does not say how large the history of ${workflowId} is.`);
  return { events: historyLength, bytes: historySize };
}

function within<Result>(client: Client, call: () => Promise<Result>): Promise<Result> {
  return client.withDeadline(Date.now() + WITHIN_MS, call);
}

import { Worker } from 'node:worker_threads';

import type { LoadOrder, LoadResult } from '../load.ts';
import { openProduct, SOURCE_SECRET, type Product } from '../product.ts';
import type { Progress, Row } from '../report.ts';
import { alertBody, standInProvider } from '../stand-in.ts';
import { quantile } from '../statistics.ts';

/** Numbers of alerts that no other measure uses: on this Temporal server one that ran before is never started again. */
const FIRST = 100_000;
const COPIES = 10_000;
const DIFFERENT = 1_000;
const AT_ONCE = 32;
const WITHIN_MS = 60_000;

/**
 * The server with a real store and a real Temporal behind it, and no worker: what it starts stays open, so it can be counted.
 * Must be the last on a Temporal server, whose workers would find its workflows.
 */
export async function measureIngest(address: string, progress: Progress): Promise<readonly Row[]> {
  await using product = await openProduct(address, standInProvider());
  const url = `${await product.startServer()}/v1/alerts/generic`;
  const since = new Date();
  const order = { url, secret: SOURCE_SECRET, atOnce: AT_ONCE, withinMs: WITHIN_MS };

  progress(`${COPIES} copies of one alert`);
  const copies = await send({ ...order, bodies: [JSON.stringify(alertBody(FIRST))], copies: COPIES });
  expectAnswers(copies, { '202 accepted': 1, '202 duplicate': COPIES - 1 });
  await untilDelivered(product);
  const ofCopies = await countWorkflows(product, since, 1);

  progress(`${DIFFERENT} different alerts`);
  const bodies = Array.from({ length: DIFFERENT }, (_, index) => JSON.stringify(alertBody(FIRST + 1 + index)));
  const startMs = performance.now();
  const different = await send({ ...order, bodies, copies: 1 });
  expectAnswers(different, { '202 accepted': DIFFERENT });
  await untilDelivered(product);
  const startedWithin = (performance.now() - startMs) / 1000;
  const all = await countWorkflows(product, since, DIFFERENT + 1);

  return [
    {
      name: `workflows of ${COPIES.toLocaleString('en-GB')} copies of one alert`,
      unit: '',
      value: ofCopies,
      target: { is: 'exactly', value: 1 },
    },
    { name: 'requests a second, copies', unit: '/s', value: copies.sent / copies.seconds },
    { name: 'answer p95, copies', unit: 'ms', value: quantile(copies.milliseconds, 0.95) },
    {
      name: `workflows of ${DIFFERENT.toLocaleString('en-GB')} different alerts`,
      unit: '',
      value: all - ofCopies,
      target: { is: 'exactly', value: DIFFERENT },
    },
    { name: 'alerts accepted a second, different', unit: '/s', value: different.sent / different.seconds },
    { name: 'answer p95, different', unit: 'ms', value: quantile(different.milliseconds, 0.95) },
    { name: 'workflows started a second, different', unit: '/s', value: DIFFERENT / startedWithin },
  ];
}

function send(order: LoadOrder): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('../load.ts', import.meta.url), { workerData: order });
    thread.once('message', resolve).once('error', reject);
    thread.once('exit', () => reject(new Error('The load ended without a result.')));
  });
}

function expectAnswers({ answers }: LoadResult, expected: Readonly<Record<string, number>>): void {
  const same = (name: string) => answers[name] === expected[name];
  if ([...Object.keys(answers), ...Object.keys(expected)].every(same)) return;
  throw new Error(`The server answered ${JSON.stringify(answers)}, not ${JSON.stringify(expected)}.`);
}

/** Every accepted alert has its workflow. */
async function untilDelivered({ store }: Product): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  while ((await store.alerts.waiting(1)).length > 0) {
    if (Date.now() > deadline) throw new Error('Accepted alerts still wait for their workflows.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Visibility follows the start, on a busy machine by many seconds. Too few are never reported as a result: they are asked for
 * again, and in the end it could not be measured. One too many would show up later, so it waits once more.
 */
async function countWorkflows({ client }: Product, since: Date, expected: number): Promise<number> {
  const query = `WorkflowType = 'respondToAlert' AND StartTime >= '${since.toISOString()}'`;
  const count = async () => (await client.workflow.count(query)).count;
  const deadline = Date.now() + WITHIN_MS;
  for (let seen = await count(); seen < expected; seen = await count()) {
    if (Date.now() > deadline)
      throw new Error(`Temporal lists ${seen} of at least ${expected} workflows after a minute.`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  return count();
}

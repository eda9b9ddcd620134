import type { Client } from '@temporalio/client';

import { RESPOND_TO_ALERT } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { bareInput, type Recording } from '../bare/activities.ts';
import { BARE_QUEUE, startBareWorkers } from '../bare/worker.ts';
import { openProduct } from '../product.ts';
import { recordOne, recorder } from '../recording.ts';
import type { Progress, Row } from '../report.ts';
import { alertBody, standInProvider } from '../stand-in.ts';
import { median, quantile, ratios, spread } from '../statistics.ts';

const LATENCY = { rounds: 6, runs: 15, withinMs: 45_000 };
const THROUGHPUT = { rounds: 6, runs: 40, atOnce: 20, withinMs: 60_000 };
const RUN_WITHIN_MS = 30_000;

/** Runs one workflow to its end. */
type Run = () => Promise<void>;
/** The bare workflow twice: what it differs from itself is the noise of the machine. */
const ARMS = ['product', 'bare', 'bareAgain'] as const;
type Arms = Readonly<Record<(typeof ARMS)[number], Run>>;
type Round = Readonly<Record<(typeof ARMS)[number], readonly number[]>>;

/** respondToAlert from its start to its verdict, against a bare workflow with the same activities, bytes and codec. */
export async function measureVerdict(address: string, progress: Progress): Promise<readonly Row[]> {
  await using product = await openProduct(address, standInProvider());
  const recording = recorder();
  await product.startWorkers(recording.wrap);
  let count = 0;
  const taken: Awaited<ReturnType<typeof product.take>>[] = [];
  const stock = async (size: number) => {
    while (taken.length < size) taken.push(await product.take(alertBody((count += 1))));
  };
  await stock(1);
  const recorded = await recordOne(recording, () => respond(product.client, taken));
  await using _ = await startBareWorkers(address, product.converter, recorded);
  const bare = () => runBare(product.client, recorded, (count += 1));
  const arms: Arms = { product: () => respond(product.client, taken), bare, bareAgain: bare };

  progress('warming up');
  await stock(20);
  for (const arm of ARMS) await atOnce(20, 20, arms[arm]);
  const latencies = await inRounds(LATENCY, progress, 'latency', async () => {
    await stock(LATENCY.runs);
    return latencyRound(arms);
  });
  const rates = await inRounds(THROUGHPUT, progress, 'throughput', async (round) => {
    await stock(THROUGHPUT.runs);
    return rateRound(arms, round);
  });
  return [...latencyRows(latencies), ...rateRows(rates)];
}

async function respond(client: Client, taken: { alertId: string; workflowId: string }[]): Promise<void> {
  const next = taken.pop();
  if (!next) throw new Error('Too few alerts were made.');
  const { alertId, workflowId } = next;
  await execute(client, RESPOND_TO_ALERT, { workflowId, taskQueue: QUEUES.decide, args: [{ alertId }] });
}

function runBare(client: Client, recording: Recording, number: number): Promise<void> {
  const workflowId = `alert-al_bare${String(number).padStart(28, '0')}`;
  return execute(client, 'bare', { workflowId, taskQueue: BARE_QUEUE, args: [bareInput(recording, number)] });
}

async function execute(
  client: Client,
  type: string,
  options: { readonly workflowId: string; readonly taskQueue: string; readonly args: [object] },
): Promise<void> {
  const outcome: unknown = await client.withDeadline(Date.now() + RUN_WITHIN_MS, () =>
    client.workflow.execute(type, { ...options, workflowIdReusePolicy: 'REJECT_DUPLICATE' }),
  );
  // Another verdict would mean another path, and another thing measured.
  if (outcome !== 'suppress') throw new Error(`${type} ended with ${String(outcome)}, not with suppress.`);
}

/** Stops early, after a whole round, when the time is used up. */
async function inRounds<Result>(
  limits: { readonly rounds: number; readonly withinMs: number },
  progress: Progress,
  what: string,
  each: (round: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const deadline = performance.now() + limits.withinMs;
  while (results.length < limits.rounds && performance.now() < deadline) {
    progress(`${what}, round ${results.length + 1} of ${limits.rounds}`);
    results.push(await each(results.length));
  }
  return results;
}

/** One after the other, the arms taking turns in another order each time: none always runs in the wake of the same one. */
async function latencyRound(arms: Arms): Promise<Round> {
  const milliseconds = { product: [] as number[], bare: [] as number[], bareAgain: [] as number[] };
  for (let run = 0; run < LATENCY.runs; run += 1) {
    for (const arm of turned(run)) milliseconds[arm].push(await timed(arms[arm]));
  }
  return milliseconds;
}

/** Runs a second, one arm after the other. */
async function rateRound(arms: Arms, round: number): Promise<Round> {
  const rates = { product: [] as number[], bare: [] as number[], bareAgain: [] as number[] };
  for (const arm of turned(round)) {
    const milliseconds = await timed(() => atOnce(THROUGHPUT.runs, THROUGHPUT.atOnce, arms[arm]));
    rates[arm].push(THROUGHPUT.runs / (milliseconds / 1000));
  }
  return rates;
}

function turned(by: number): readonly (typeof ARMS)[number][] {
  return [...ARMS.slice(by % ARMS.length), ...ARMS.slice(0, by % ARMS.length)];
}

async function timed(run: Run): Promise<number> {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
}

async function atOnce(runs: number, lanes: number, run: Run): Promise<void> {
  let left = runs;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function latencyRows(rounds: readonly Round[]): readonly Row[] {
  const all = (arm: keyof Round) => rounds.flatMap((round) => round[arm]);
  const bare = [...all('bare'), ...all('bareAgain')];
  const perRound = (of: keyof Round, to: readonly (keyof Round)[]) =>
    ratios(rounds.map((round) => ({ of: median(round[of]), to: median(to.flatMap((arm) => round[arm])) })));
  const row = (name: string, unit: string, value: number, over: readonly number[]): Row => ({
    name,
    unit,
    value,
    spread: spread(over),
  });
  const bothBare = (q: number) => rounds.map((round) => quantile([...round.bare, ...round.bareAgain], q));
  const product = (q: number) => rounds.map((round) => quantile(round.product, q));
  return [
    row('latency p50, respondToAlert', 'ms', median(all('product')), product(0.5)),
    row('latency p50, bare workflow', 'ms', median(bare), bothBare(0.5)),
    row('latency p95, respondToAlert', 'ms', quantile(all('product'), 0.95), product(0.95)),
    row('latency p95, bare workflow', 'ms', quantile(bare, 0.95), bothBare(0.95)),
    {
      ...row(
        'p50, respondToAlert / bare',
        '×',
        median(all('product')) / median(bare),
        perRound('product', ['bare', 'bareAgain']),
      ),
      target: { is: 'at most', value: 1.3 },
    },
    row(
      'p50, bare / bare (noise)',
      '×',
      median(all('bareAgain')) / median(all('bare')),
      perRound('bareAgain', ['bare']),
    ),
  ];
}

function rateRows(rounds: readonly Round[]): readonly Row[] {
  const rate = (arm: keyof Round) => rounds.map((round) => median(round[arm]));
  const bareOf = (round: Round) => median([...round.bare, ...round.bareAgain]);
  const bare = rounds.map(bareOf);
  const against = ratios(rounds.map((round) => ({ of: median(round.product), to: bareOf(round) })));
  const noise = ratios(rounds.map((round) => ({ of: median(round.bareAgain), to: median(round.bare) })));
  return [
    { name: 'throughput, respondToAlert', unit: '/s', value: median(rate('product')), spread: spread(rate('product')) },
    { name: 'throughput, bare workflow', unit: '/s', value: median(bare), spread: spread(bare) },
    {
      name: 'throughput, respondToAlert / bare',
      unit: '×',
      value: median(against),
      spread: spread(against),
      target: { is: 'at least', value: 0.75 },
    },
    { name: 'throughput, bare / bare (noise)', unit: '×', value: median(noise), spread: spread(noise) },
  ];
}

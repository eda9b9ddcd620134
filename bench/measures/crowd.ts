import type { AwsPrincipal } from '../../src/domain/principal.ts';
import { createAwsClients } from '../../src/providers/aws/clients.ts';
import { createAwsProvider } from '../../src/providers/aws/index.ts';
import { buildStage, type Stage } from '../../test/providers/aws/stage.ts';
import { startMiniStack } from '../../test/support/processes/ministack.ts';
import { approve, ended, openCase, planned, type OpenedCase } from '../cases.ts';
import { isWrite, mostInASecond, recordCalls, type CloudCall } from '../cloud-calls.ts';
import { openProduct, type Product } from '../product.ts';
import type { Progress, Row } from '../report.ts';

/** Numbers of alerts that no other measure uses. */
const FIRST = 400_000;
const PRINCIPALS = 200;
/** Principals an hour. Not a half of them: the last hour has places left. */
const BUDGET = 120;
const LOOKUPS_PER_SECOND = 40;
/** One: the crowd is measured, not the plan. */
const ACTIONS = ['deny-principal'];
/** As the ledger's JSON names the refusal. */
const FULL = '"BudgetExceeded"';
const HOUR_MS = 3600_000;
const USERS_AT_ONCE = 8;
const APPROVALS_AT_ONCE = 20;

/** Many cases approved at once, more than the budget has places for; who was refused asks again when the hour is over. */
export async function measureCrowd(address: string, progress: Progress): Promise<readonly Row[]> {
  await using running = new AsyncDisposableStack();
  const ministack = await startMiniStack();
  running.defer(() => ministack.stop());
  const stage = await buildStage(ministack, undefined, ACTIONS);
  const settings = { ...stage.settings, lookupsPerSecond: LOOKUPS_PER_SECOND };
  const clients = createAwsClients(settings);
  const calls = recordCalls(clients);
  const clock = { aheadMs: 0 };
  const changes = {
    budget: { containmentsPerHour: BUDGET, perAccount: PRINCIPALS, perKind: { 'iam-user': PRINCIPALS } },
    aws: { propagationSeconds: 0, quietSeconds: 1, logDelaySeconds: 0, actions: ACTIONS },
  };
  const now = () => new Date(Date.now() + clock.aheadMs);
  await using product = await openProduct(address, createAwsProvider(settings, clients), changes, now);
  await product.startWorkers();

  progress(`${PRINCIPALS} users`);
  let waiting: readonly AwsPrincipal[] = await crowd(stage);
  const hours: Hour[] = [];
  const startMs = performance.now();
  // One more hour than it should take: what is still refused then has starved.
  while (waiting.length > 0 && hours.length <= Math.ceil(PRINCIPALS / BUDGET)) {
    progress(`hour ${hours.length + 1}, ${waiting.length} at once`);
    const hour = await oneHour(product, waiting, calls, FIRST + hours.length * PRINCIPALS);
    hours.push(hour);
    waiting = hour.refused;
    clock.aheadMs += HOUR_MS;
  }
  return rowsOf(hours, waiting, calls, performance.now() - startMs);
}

function crowd(stage: Stage): Promise<readonly AwsPrincipal[]> {
  const names = Array.from({ length: PRINCIPALS }, (_, index) => `crowd-${String(index + 1).padStart(4, '0')}`);
  return inLanes(names, USERS_AT_ONCE, async (name) => {
    const { arn, id: uniqueId } = await stage.createUser(name);
    return { cloud: 'aws', kind: 'iam-user', accountId: stage.ministack.accountId, name, arn, uniqueId } as const;
  });
}

async function inLanes<Item, Result>(
  items: readonly Item[],
  lanes: number,
  each: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const left = [...items];
  const results: Result[] = [];
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) results.push(await each(item));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

interface Hour {
  readonly contained: number;
  /** For want of a place in the budget, and for nothing else. */
  readonly refused: readonly AwsPrincipal[];
  readonly otherwise: readonly string[];
  /** Users whom a call changed. */
  readonly changed: number;
}

async function oneHour(
  product: Product,
  principals: readonly AwsPrincipal[],
  calls: readonly CloudCall[],
  first: number,
): Promise<Hour> {
  const begins = calls.length;
  const cases = await Promise.all(
    principals.map(async (principal, index) => {
      const opened = await openCase(product, principal, first + index);
      return { principal, opened, digest: await planned(product, opened.caseId) };
    }),
  );
  await inLanes(cases, APPROVALS_AT_ONCE, ({ opened, digest }) => approve(product, opened.caseId, digest));
  const ends = await Promise.all(
    cases.map(async ({ principal, opened }) => ({ principal, end: await endOf(product, opened) })),
  );
  const changed = new Set(calls.slice(begins).filter(isWrite).map(userOf));
  changed.delete(undefined);
  return {
    contained: ends.filter(({ end }) => end === 'CONTAINED').length,
    refused: ends.filter(({ end }) => end === FULL).map(({ principal }) => principal),
    otherwise: ends.map(({ end }) => end).filter((end) => end !== 'CONTAINED' && end !== FULL),
    changed: changed.size,
  };
}

/** The end of the case, or why it was refused where the ledger holds nothing but that. */
async function endOf(product: Product, opened: OpenedCase): Promise<string> {
  const end = String(await ended(product, opened));
  if (end !== 'FAILED') return end;
  const entries = await product.store.ledger.ofCase(opened.caseId);
  const refusals = entries.filter(({ type }) => type === 'refusal');
  const reasons = new Set(refusals.map(({ body }) => JSON.stringify(body['failure'])));
  return [...reasons].join(', ') || end;
}

function userOf({ input }: CloudCall): string | undefined {
  return (input as { readonly UserName?: string }).UserName;
}

function rowsOf(
  hours: readonly Hour[],
  starved: readonly AwsPrincipal[],
  calls: readonly CloudCall[],
  milliseconds: number,
): readonly Row[] {
  const sum = (of: (hour: Hour) => number) => hours.reduce((total, hour) => total + of(hour), 0);
  const lookups = calls.filter(({ service }) => service === 'cloudtrail');
  const others = calls.filter(({ service }) => service !== 'cloudtrail');
  const most = (of: (hour: Hour) => number) => Math.max(...hours.map(of));
  return [
    count(
      'principals contained',
      sum(({ contained }) => contained),
      { is: 'exactly', value: PRINCIPALS },
    ),
    count(
      'most contained in an hour',
      most(({ contained }) => contained),
      { is: 'at most', value: BUDGET },
    ),
    count(
      'most users changed in an hour',
      most(({ changed }) => changed),
      { is: 'at most', value: BUDGET },
    ),
    count('refused by the budget, contained later', sum(({ refused }) => refused.length) - starved.length),
    count('never contained', starved.length, { is: 'exactly', value: 0 }),
    count(
      'ended otherwise',
      sum(({ otherwise }) => otherwise.length),
      { is: 'exactly', value: 0 },
    ),
    count('hours', hours.length, { is: 'exactly', value: Math.ceil(PRINCIPALS / BUDGET) }),
    {
      ...count('look-ups in any second', mostInASecond(lookups)),
      target: { is: 'at most', value: LOOKUPS_PER_SECOND },
    },
    count('other calls in any second', mostInASecond(others)),
    {
      name: 'cases a second',
      value: (sum(({ contained, refused }) => contained + refused.length) / milliseconds) * 1000,
      unit: '/s',
    },
  ];
}

function count(name: string, value: number, target?: Row['target']): Row {
  return { name, value, unit: '', ...(target ? { target } : {}) };
}

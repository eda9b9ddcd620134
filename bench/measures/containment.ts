import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';

import type { AwsPrincipal } from '../../src/domain/principal.ts';
import { createAwsClients, type AwsClients } from '../../src/providers/aws/clients.ts';
import { createAwsProvider } from '../../src/providers/aws/index.ts';
import { buildStage, credentialsOf, type Stage } from '../../test/providers/aws/stage.ts';
import { startMiniStack } from '../../test/support/processes/ministack.ts';
import { runScript } from '../bare/script.ts';
import { approve, ended, openCase, planned } from '../cases.ts';
import { far, inSequence, isWrite, recordCalls, type CloudCall } from '../cloud-calls.ts';
import { openProduct, type Product } from '../product.ts';
import type { Progress, Row } from '../report.ts';
import { median, ratios, spread } from '../statistics.ts';

/** Numbers of alerts that no other measure uses. */
const FIRST = 300_000;
const ROUNDS = 4;
const WARM_UP = 1;
/** What is added to each call, in milliseconds: the emulator on the same machine, and a cloud in the same region. */
const DISTANCES = { 'on loopback': 0, 'at 40 ms a call': 40 } as const;

interface Company {
  readonly stage: Stage;
  readonly product: Product;
  readonly calls: CloudCall[];
  readonly bareClients: AwsClients;
  readonly distance: { milliseconds: number };
}

/** From the approval of the plan for one AWS user to its last change, against a script that only makes the same calls. */
export async function measureContainment(address: string, progress: Progress): Promise<readonly Row[]> {
  await using running = new AsyncDisposableStack();
  const ministack = await startMiniStack();
  running.defer(() => ministack.stop());
  const stage = await buildStage(ministack);
  const clients = createAwsClients(stage.settings);
  const distance = { milliseconds: 0 };
  const calls = recordCalls(clients, () => distance.milliseconds);
  const many = { containmentsPerHour: 1000, perAccount: 1000, perKind: { 'iam-user': 1000 } };
  const provider = createAwsProvider(stage.settings, clients);
  await using product = await openProduct(address, provider, { budget: many, approval: { large: { approvals: 1 } } });
  await product.startWorkers();
  const company: Company = { stage, product, calls, bareClients: createAwsClients(stage.settings), distance };

  progress('warming up');
  for (let run = 0; run < WARM_UP; run += 1) await oneRound(company);
  const rows: Row[] = [];
  for (const [where, distanceMs] of Object.entries(DISTANCES)) {
    distance.milliseconds = distanceMs;
    const rounds: Round[] = [];
    while (rounds.length < ROUNDS) {
      progress(`${where}, round ${rounds.length + 1} of ${ROUNDS}`);
      rounds.push(await oneRound(company));
    }
    if (rows.length === 0) rows.push(...callRows(rounds));
    rows.push(...timeRows(where, rounds));
  }
  return rows;
}

interface Round {
  readonly productMs: number;
  readonly bareMs: number;
  readonly bareAgainMs: number;
  readonly made: readonly CloudCall[];
}

async function oneRound(company: Company): Promise<Round> {
  const { stage, bareClients, distance } = company;
  const suspect = await newUser(stage);
  const { milliseconds: productMs, made } = await contain(company, suspect);
  const bare = async () => runScript(made, bareClients, renaming(suspect, await newUser(stage)), distance.milliseconds);
  return { productMs, made, bareMs: await bare(), bareAgainMs: await bare() };
}

async function contain({ product, calls }: Company, { principal, number }: User) {
  const opened = await openCase(product, principal, FIRST + number);
  const digest = await planned(product, opened.caseId);
  // The log is to the second: what the suspect called in the second of the change would count as after it.
  await far(1000 - (Date.now() % 1000));
  calls.length = 0;
  const startMs = performance.now();
  await approve(product, opened.caseId, digest);
  const end = await ended(product, opened);
  if (end !== 'CONTAINED') throw new Error(await whyNot(product, opened.caseId));
  const lastMs = Math.max(...calls.filter(isWrite).map(({ endMs }) => endMs));
  return { milliseconds: lastMs - startMs, made: calls.filter((call) => call.startMs < lastMs) };
}

/** The run proves nothing about time when the containment did not stand. */
async function whyNot({ store }: Product, caseId: string): Promise<string> {
  const record = await store.cases.get(caseId);
  const details = record?.timeline.map(({ detail }) => detail) ?? [];
  return `The case ended ${record?.state ?? 'unknown'}, not CONTAINED: ${details.slice(-3).join(' / ')}`;
}

interface User {
  readonly number: number;
  readonly principal: AwsPrincipal;
  /** What names it in a call, always in the same order. */
  readonly names: readonly string[];
}

let users = 0;

/** Two keys, a password, other credentials, and a role that the first key assumed: what a plan has to cover. */
async function newUser(stage: Stage): Promise<User> {
  const number = (users += 1);
  const [name, roleName] = [`suspect-${String(number).padStart(4, '0')}`, `deploy-${String(number).padStart(4, '0')}`];
  const { arn, id: uniqueId, key } = await stage.createUser(name);
  const second = await stage.newKey(name);
  await stage.endow(name);
  const role = await stage.createRole(roleName);
  await stage.assume(key, role.arn, 'loot');
  await stage.as(key).ec2.send(new DescribeInstancesCommand({}));
  const others = JSON.stringify((await credentialsOf(stage.admin.iam, name)).listed);
  const ids = [...others.matchAll(/"(?:SSHPublicKeyId|CertificateId|ServiceSpecificCredentialId)":"(\w+)"/gu)];
  const principal = {
    cloud: 'aws',
    kind: 'iam-user',
    accountId: stage.ministack.accountId,
    name,
    arn,
    uniqueId,
  } as const;
  return {
    number,
    principal,
    names: [name, roleName, uniqueId, key.accessKeyId, second.accessKeyId, ...ids.map(([, id = '']) => id)],
  };
}

/** Longest first: a name may be a part of another one. */
function renaming(from: User, to: User): (text: string) => string {
  const pairs = from.names.map((name, index) => [name, to.names[index] ?? ''] as const);
  const sorted = pairs.toSorted(([a], [b]) => b.length - a.length);
  return (text) => sorted.reduce((renamed, [name, other]) => renamed.replaceAll(name, other), text);
}

function callRows(rounds: readonly Round[]): readonly Row[] {
  const over = (name: string, count: (made: readonly CloudCall[]) => number): Row => {
    const values = rounds.map(({ made }) => count(made));
    return { name, unit: '', value: median(values), spread: spread(values) };
  };
  return [
    over('cloud calls', (made) => made.length),
    over('cloud calls that change something', (made) => made.filter(isWrite).length),
    over('round trips in sequence', (made) => inSequence(made).length),
  ];
}

function timeRows(where: string, rounds: readonly Round[]): readonly Row[] {
  const bareOf = ({ bareMs, bareAgainMs }: Round) => (bareMs + bareAgainMs) / 2;
  const row = (name: string, unit: string, values: readonly number[]): Row => ({
    name: `${name}, ${where}`,
    unit,
    value: median(values),
    spread: spread(values),
  });
  const against = ratios(rounds.map((round) => ({ of: round.productMs, to: bareOf(round) })));
  const noise = ratios(rounds.map(({ bareMs, bareAgainMs }) => ({ of: bareAgainMs, to: bareMs })));
  return [
    row(
      'approval to last change',
      'ms',
      rounds.map(({ productMs }) => productMs),
    ),
    row('bare script', 'ms', rounds.map(bareOf)),
    { ...row('containment / bare', '×', against), target: { is: 'at most', value: 1.5 } },
    row('bare / bare (noise)', '×', noise),
  ];
}

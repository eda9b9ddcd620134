import { activityInfo } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { approvalVerifier } from '../../src/approval/verifier.ts';
import { loadVerifyingKeys } from '../../src/approval/keys.ts';
import { caseIdOf, caseWorkflowId, principalHash } from '../../src/contracts/ids.ts';
import type { JoinedAlert } from '../../src/contracts/messages.ts';
import { QUEUES, type QueueName } from '../../src/contracts/queues.ts';
import type { Alert } from '../../src/domain/alert.ts';
import { END_STATES } from '../../src/domain/case.ts';
import { configuredCipher } from '../../src/encryption/configured.ts';
import { dataConverter } from '../../src/encryption/temporal-codec.ts';
import { createNotifiers } from '../../src/notify/index.ts';
import { casePulse } from '../../src/runtime/case-pulse.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import { activitiesOf } from '../../worker/dependencies.ts';
import { caseStarter, workerConnection } from '../../worker/temporal.ts';
import { createWorkers, installRuntime } from '../../worker/workers.ts';
import { startSuspectedAzure } from './azure-suspects.ts';
import { startKillableWorkers, until, type KillableWorkers, type OpenCase } from './killable-cordon.ts';
import type { CloudSuspect, SuspectedCloud } from './suspected-cloud.ts';

type Act = (...input: never[]) => Promise<unknown>;
type Around = (workflowId: string, name: string) => Promise<void>;

const running = new AsyncDisposableStack();
let cloud: SuspectedCloud;
let workers: KillableWorkers;
/** Called at the begin of every activity: what happens in it, happens before the activity does its work. */
let around: Around = async () => undefined;

beforeAll(async () => {
  cloud = await startSuspectedAzure();
  running.defer(() => cloud.stop());
  workers = await startKillableWorkers(cloud);
  running.defer(() => workers.stop());
  await startWorkersHere();
});
afterAll(() => running.disposeAsync());

const WAYS = [
  { name: 'contained', decide: (opened: OpenCase) => opened.approve(), end: 'CONTAINED' },
  { name: 'denied', decide: (opened: OpenCase) => opened.deny(), end: 'REJECTED' },
] as const;

describe.each(WAYS)('an alert that comes at any moment of a case that is $name', ({ decide, end }) => {
  it('is in that case or opens the next, and is never lost', { timeout: 300_000 }, async ({ annotate }) => {
    const moments = await momentsOf();
    const cases = await Promise.all(moments.map(() => openCase()));
    around = async (workflowId, name) => {
      const one = cases.find(({ opened }) => opened.workflowId === workflowId);
      if (!one) return;
      one.seen += 1;
      if (one.seen !== cases.indexOf(one) + 1) return;
      one.met = name;
      await sendAnother(one);
    };
    for (const { opened } of cases) await opened.asked();
    await Promise.all(cases.map(({ opened }) => decide(opened)));
    const wrongs: string[] = [];
    const ends: string[] = [];
    for (const one of cases) {
      const found = await whereItIs(one);
      ends.push(`${cases.indexOf(one) + 1} ${one.met}: ${found.where}`);
      wrongs.push(...found.wrong.map((wrong) => `sent at activity ${cases.indexOf(one) + 1}, ${one.met}: ${wrong}`));
    }
    around = async () => undefined;
    await annotate(ends.join('\n'));
    expect(wrongs).toEqual([]);
    expect(cases.filter(({ met }) => met === '')).toEqual([]);
    expect(
      ends.some((one) => one.includes('the next case')),
      'some came after the end',
    ).toBe(true);
    expect((await workers.store.ledger.verify()).status).toBe('intact');
  });

  /** The activities of a case that nothing disturbs. */
  async function momentsOf(): Promise<readonly string[]> {
    const names: string[] = [];
    const { opened } = await openCase();
    around = async (workflowId, name) => void (workflowId === opened.workflowId && names.push(name));
    await opened.asked();
    await decide(opened);
    expect(await opened.end()).toBe(end);
    return names;
  }
});

interface Case {
  readonly suspect: CloudSuspect;
  readonly opened: OpenCase;
  /** Activities that began. */
  seen: number;
  /** The one in which the other alert came. */
  met: string;
  readonly second: JoinedAlert;
}

async function openCase(): Promise<Case> {
  const suspect = await cloud.newSuspect();
  const second = await anotherAbout(suspect);
  return { suspect, second, seen: 0, met: '', opened: await workers.openCase(suspect) };
}

async function anotherAbout({ principal }: CloudSuspect): Promise<JoinedAlert> {
  const now = new Date().toISOString();
  const alertId = `al_${principalHash(principal)}`;
  const lists = { techniques: [], clues: [], sourceAddresses: [], userAgents: [] };
  const text = { source: 'generic', sourceAlertId: alertId, title: 'Another', rule: 'test', severity: 'high' } as const;
  const alert: Alert = { alertId, ...text, ...lists, cloud: 'azure', firstSeen: now, lastSeen: now, sample: false };
  await workers.store.alerts.accept(alert, '{}', alertId, `alert-${alertId}`);
  const reasons = [{ rule: 'test', weight: 'decides', text: 'Again.', questions: [] }] as const;
  const verdict = { outcome: 'contain', risk: 90, reasons, evidence: [] } as const;
  return { alertId, title: 'Another', techniques: [], verdict, opens: caseIdOf(principal, alertId) };
}

/** As the activity of a verdict does. */
function sendAnother({ suspect: { principal }, second }: Case): Promise<void> {
  const input = { caseId: second.opens, principal, principalHash: principalHash(principal) };
  return caseStarter(workers.client).signalWithStart(caseWorkflowId(principal), input, second);
}

/** In exactly one case, which has made its plan about it, or had when it came. */
async function whereItIs({ opened, second }: Case): Promise<{ where: string; wrong: readonly string[] }> {
  const holds = async (caseId: string) =>
    (await workers.store.cases.get(caseId))?.alertIds.filter((id) => id === second.alertId).length ?? 0;
  const settled = async (caseId: string) => {
    const { state } = (await workers.store.cases.get(caseId)) ?? {};
    return state !== undefined && (state === 'AWAITING_APPROVAL' || END_STATES.includes(state));
  };
  await until(
    async () => (await settled(opened.caseId)) && (await holds(opened.caseId)) + (await holds(second.opens)) > 0,
  );
  await until(async () => (await holds(second.opens)) === 0 || settled(second.opens));
  const [here, next] = [await holds(opened.caseId), await holds(second.opens)];
  const { caseId } = (await workers.store.alerts.get(second.alertId)) ?? {};
  const entries = await workers.store.ledger.ofCase(opened.caseId);
  const count = (type: string) => entries.filter((entry) => entry.type === type).length;
  return {
    where: here > 0 ? 'its case' : 'the next case',
    wrong: [
      ...(here + next === 1 ? [] : [`${here} times in its case and ${next} times in the next`]),
      ...(caseId === (here > 0 ? opened.caseId : second.opens) ? [] : [`the alert leads to ${String(caseId)}`]),
      ...(count('plan') === 1 && count('decision') === 1
        ? []
        : [`${count('plan')} plans, ${count('decision')} decisions`]),
    ],
  };
}

/** Cordon's workers in this process, with `around` about each activity. */
async function startWorkersHere(): Promise<void> {
  const { store, client } = workers;
  // A case ends with its containment.
  const config = { ...workers.config, watch: { ...workers.config.watch, hours: 0 } };
  const logger = createLogger({ level: 'silent' });
  installRuntime(logger);
  const settings = { address: config.temporal.address ?? '', namespace: 'default' };
  const connection = await workerConnection(settings, logger);
  running.defer(() => connection.close());
  const keys = await loadVerifyingKeys(config.approval);
  const foundation = {
    config,
    store,
    providers: { azure: cloud.provider(10_000) },
    verifier: approvalVerifier({ keys, approvers: config.approvers }),
    cases: caseStarter(client),
    pulseOf: casePulse(client),
    notifiers: createNotifiers({ log: logger }),
    logger,
  };
  const here = await createWorkers({
    connection,
    namespace: 'default',
    dataConverter: dataConverter(await configuredCipher(config.encryption)),
    queues: (Object.keys(QUEUES) as QueueName[]).filter((queue) => !/aws|gcp/u.test(queue)),
    activitiesOf: (queue) => wrapped(activitiesOf(queue, foundation)),
    bundle: workflowBundle,
  });
  for (const worker of here) {
    const ended = worker.run();
    running.defer(async () => {
      worker.shutdown();
      await ended;
    });
  }
}

function wrapped(activities: object): object {
  const each = Object.entries(activities).map(([name, act]: [string, Act]) => [
    name,
    async (...input: never[]) => {
      const { workflowExecution, attempt } = activityInfo();
      if (attempt === 1) await around(workflowExecution?.workflowId ?? '', name);
      return act(...input);
    },
  ]);
  return Object.fromEntries(each) as object;
}

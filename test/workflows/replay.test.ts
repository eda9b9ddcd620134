import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';

import {
  CONTAIN_PRINCIPAL,
  DELETE_KEYS,
  RESPOND_TO_ALERT,
  ROLL_BACK,
  SWEEP_ORPHANS,
} from '../../src/contracts/messages.ts';
import { workflowBundle, type WorkflowBundle } from '../../worker/bundle.ts';
import {
  converterOfRecordings,
  readHistory,
  readRecorded,
  recordedNames,
  type Recorded,
} from '../histories/recorded.ts';

const names = await recordedNames();
const recordings = await Promise.all(names.map(readRecorded));
let bundle: WorkflowBundle;
beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
  });
  bundle = await workflowBundle();
});

async function replay(recorded: Recorded): Promise<void> {
  const { namespace, workflowId } = recorded;
  const options = { workflowBundle: bundle, dataConverter: await converterOfRecordings(), namespace };
  await Worker.runReplayHistory(options, readHistory(recorded), workflowId);
}

test('every workflow has a recording', () => {
  const types = recordings.map(({ history }) => JSON.stringify(history.events[0]));
  for (const type of [RESPOND_TO_ALERT, CONTAIN_PRINCIPAL, ROLL_BACK, DELETE_KEYS, SWEEP_ORPHANS]) {
    expect(
      types.some((first) => first.includes(`"workflowType":{"name":"${type}"}`)),
      type,
    ).toBe(true);
  }
});

describe('a case that began under an earlier version goes on under this one:', () => {
  test.each(names)('%s', async (name) => {
    await expect(replay(await readRecorded(name))).resolves.toBeUndefined();
  });
});

describe('a change of the workflows that would break running cases is seen:', () => {
  const scheduled = 'activityTaskScheduledEventAttributes';
  test.each(names)('%s', async (name) => {
    const recorded = structuredClone(await readRecorded(name));
    const event = recorded.history.events.findLast((one) => scheduled in one);
    if (!event) throw new Error('The recording schedules no activity.');
    (event[scheduled] as { activityType: { name: string } }).activityType.name = 'anotherActivity';
    await expect(replay(recorded)).rejects.toThrow(/[Nn]ondeterminism|determinism/u);
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';

import { applyAction, reconcileAction } from '../../src/containment/apply.ts';
import { createAwsProvider } from '../../src/providers/aws/index.ts';
import { buildStage, type Stage } from '../providers/aws/stage.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { startMiniStack, type MiniStack } from '../support/processes/ministack.ts';
import { containmentThrough, newKeys, newSuspect, openOffice, storedKey, type Office } from './suspect.ts';

let ministack: MiniStack;
let stage: Stage;
let office: Office;
let proxy: FaultProxy;
beforeAll(async () => {
  ministack = await startMiniStack();
  [stage, office, proxy] = [await buildStage(ministack), await openOffice(), await startFaultProxy(ministack.url)];
});
afterAll(async () => {
  await proxy?.stop();
  await office?.close();
  await ministack?.stop();
});

it('a key that a run made which was reset, after the next run found none, is taken back: the ledger says that none was made', async () => {
  const suspect = await newSuspect('rotate-access-key', stage, office);
  const { plan, planned, decisions } = suspect;
  const made = Promise.withResolvers<void>();
  const reset = Promise.withResolvers<void>();
  proxy.interfere(async (call) => {
    if (call.operation !== 'CreateAccessKey') return undefined;
    made.resolve();
    await reset.promise;
    return undefined;
  });
  const dependencies = containmentThrough(proxy.url, stage, office);
  // With the time limit of a real call, not that of the sweeps.
  const providers = { aws: createAwsProvider({ ...stage.settings, endpoint: proxy.url }) };
  const input = { planDigest: plan.digest, sequence: planned.sequence, decisions };
  const late = applyAction(input, { ...dependencies, providers });
  late.catch(() => undefined);
  await made.promise;
  const next = containmentThrough(ministack.url, stage, office);
  const found = await reconcileAction({ planDigest: plan.digest, sequence: planned.sequence }, next);
  expect(found.status).toBe('not-made');
  reset.resolve();

  await expect(late).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  expect(await newKeys(stage, suspect)).toEqual([]);
  expect(await storedKey(stage, suspect.caseId)).toBeNull();
});

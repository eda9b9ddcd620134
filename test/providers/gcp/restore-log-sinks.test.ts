import { logging_v2 as logging } from '@googleapis/logging';
import { describe, expect, it } from 'vitest';

import type { ActivityFacts } from '../../../src/domain/evidence.ts';
import { bearer, credentialsOf } from '../../support/gcp/index.ts';
import { ALL, apply, CASE, chosen, stage, useStage, writes } from './stage.ts';

useStage();

const ID = 'restore-log-sinks';
const AUDIT = { name: 'audit', destination: 'storage.googleapis.com/shop-audit', filter: 'severity>=NOTICE' };
const SINK = 'projects/shop-prod/sinks/audit';

/** An administrator made the sink long ago; the suspect may change sinks. */
async function makeSink(): Promise<logging.Logging> {
  stage.gcp.addUser('admin@example.com');
  stage.gcp.bind(stage.shop, 'roles/logging.configWriter', 'user:admin@example.com');
  stage.gcp.bind(stage.shop, 'roles/logging.configWriter', stage.member);
  const admin = new logging.Logging({
    rootUrl: `${stage.gcp.url}/`,
    auth: bearer(stage.gcp.accessToken('admin@example.com')),
  });
  await admin.projects.sinks.create({ parent: 'projects/shop-prod', requestBody: AUDIT });
  stage.gcp.advance(60_000);
  return new logging.Logging({ rootUrl: `${stage.gcp.url}/`, auth: credentialsOf(stage.key) });
}

function activity(): Promise<ActivityFacts> {
  const now = Date.now();
  const at = (minutes: number) => new Date(now + minutes * 60_000).toISOString();
  return stage.provider.activity(stage.deployer, { from: at(-5), to: at(30) }, { from: at(-60), to: at(-5) });
}

const TAMPERED: readonly (readonly [string, (suspect: logging.Logging) => Promise<unknown>])[] = [
  ['deleted', (suspect) => suspect.projects.sinks.delete({ sinkName: SINK })],
  [
    'disabled',
    (suspect) =>
      suspect.projects.sinks.update({ sinkName: SINK, updateMask: 'disabled', requestBody: { disabled: true } }),
  ],
  [
    'turned away',
    (suspect) =>
      suspect.projects.sinks.update({
        sinkName: SINK,
        updateMask: 'destination,filter',
        requestBody: { destination: 'storage.googleapis.com/elsewhere', filter: 'severity>=EMERGENCY' },
      }),
  ],
];

describe.each(TAMPERED)('a sink that was %s', (_, tamper) => {
  it('is put back as the log tells it was, and the rollback puts back what the suspect left', async () => {
    const suspect = await makeSink();
    await tamper(suspect);
    const snapshot = stage.gcp.snapshot();
    const facts = await activity();
    const { action, request } = chosen(ID, { activity: facts });
    const start = stage.gcp.requests.length;
    const { prior, calls, alreadySo } = await action.preflight(request);
    expect({ writes: writes(start), alreadySo, calls: calls.length }).toEqual({
      writes: [],
      alreadySo: false,
      calls: 1,
    });
    const first = await action.apply(request, prior);
    expect(await action.verify(request, first.result)).toMatchObject({ status: 'holds' });
    const { sinks } = JSON.parse(stage.gcp.snapshot()) as { sinks: Record<string, object> };
    expect(sinks[SINK]).toMatchObject(AUDIT);
    expect(sinks[SINK]).not.toHaveProperty('disabled');
    expect(await action.apply(request, prior)).toEqual(first);
    expect((await action.preflight(request)).alreadySo).toBe(true);
    await action.revert(request, prior, first.result);
    expect((await action.preflight(request)).prior).toEqual(prior);
    expect(withoutTimes(stage.gcp.snapshot())).toEqual(withoutTimes(snapshot));
    expect(await action.verify(request, first.result)).toMatchObject({ status: 'drifted' });
  });
});

describe('restore-log-sinks', () => {
  it('is refused its rollback where somebody else changed the sink since', async () => {
    const suspect = await makeSink();
    await suspect.projects.sinks.delete({ sinkName: SINK });
    const undo = await apply(ID, { activity: await activity() });
    await suspect.projects.sinks.update({ sinkName: SINK, updateMask: 'filter', requestBody: { filter: 'x' } });
    await expect(undo()).rejects.toMatchObject({ type: 'Conflict' });
  });

  it('is not proposed where the log does not tell what was there: that is a caveat, never a guess', async () => {
    const suspect = await makeSink();
    await suspect.projects.sinks.update({
      sinkName: 'projects/shop-prod/sinks/_Default',
      updateMask: 'disabled',
      requestBody: { disabled: true },
    });
    const { requests, caveats } = stage.provider.propose(stage.deployer, await activity(), CASE, ALL);
    expect(requests.map(({ action }) => action)).not.toContain(ID);
    expect(caveats.join(' ')).toContain('//logging.googleapis.com/projects/shop-prod/sinks/_Default');
  });

  it('leaves to a person what is not enabled', async () => {
    const suspect = await makeSink();
    await suspect.projects.sinks.delete({ sinkName: SINK });
    const { caveats } = stage.provider.propose(stage.deployer, await activity(), CASE, ['disable-service-account']);
    expect(caveats.join(' ')).toMatch(/restore-log-sinks is not enabled: .*sinks\/audit/u);
  });

  it('refuses a sink that is not in a project of ours', async () => {
    const suspect = await makeSink();
    await suspect.projects.sinks.delete({ sinkName: SINK });
    const { action, request } = chosen(ID, { activity: await activity() });
    for (const target of [
      '',
      '//logging.googleapis.com/projects/other-shop/sinks/audit',
      `//logging.googleapis.com/${SINK}/../x`,
    ])
      await expect(action.preflight({ ...request, target })).rejects.toMatchObject({ type: 'TargetRefused' });
  });
});

/** A sink made anew has a new time of creation. */
function withoutTimes(snapshot: string): string {
  return snapshot.replace(/"(?:create|update)Time":"[^"]*"/gu, '""');
}

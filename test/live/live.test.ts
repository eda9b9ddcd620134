import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { CLOUDS } from '../../src/domain/cloud.ts';
import { resourceOf } from '../../src/domain/principal.ts';
import { AWS_ACTIONS } from '../../src/providers/aws/actions/index.ts';
import { AZURE_ACTIONS } from '../../src/providers/azure/actions/index.ts';
import { GCP_ACTIONS } from '../../src/providers/gcp/actions/index.ts';
import { cleanUp, olderThan } from './clean.ts';
import { OPENERS } from './open.ts';
import { NotOurs } from './ownership.ts';
import { newRun } from './run.ts';
import { STAGES, type Stage } from './stages.ts';

const REGISTRIES = { aws: AWS_ACTIONS, azure: AZURE_ACTIONS, gcp: GCP_ACTIONS };
const HOUR_MS = 3_600_000;
const longAgo = () => newRun(new Date(Date.now() - 2 * HOUR_MS));
const inTwoHours = () => new Date(Date.now() + 2 * HOUR_MS);

describe.each(CLOUDS)('the live suite, on what stands in for a real account of %s', (cloud) => {
  let stage: Stage;
  let before: unknown;
  beforeAll(async () => {
    stage = await STAGES[cloud]();
  });
  afterAll(() => stage?.stop());
  beforeEach(async () => {
    for (const [name, value] of Object.entries(stage.environment)) vi.stubEnv(name, value);
    before = await stage.snapshot();
  });
  afterEach(() => vi.unstubAllEnvs());

  async function changed(run = newRun()) {
    const account = await OPENERS[cloud](stage.environment, run);
    const world = await account.build([stage.action]);
    const { action, request } = world.choose(stage.action);
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    return { account, world, action, request, prior, result };
  }

  it('leaves the account as it was', async () => {
    const { account, world } = await changed();
    expect(await stage.snapshot()).not.toEqual(before);
    await world.stop();
    const { removed, left } = await cleanUp(account, () => true);
    expect(left).toEqual([]);
    expect(removed, 'what all tests share').not.toEqual([]);
    expect(await stage.snapshot()).toEqual(before);
  });

  it('finds what a run that was killed left behind, and leaves alone what may be under way', async () => {
    const [killed, underWay] = [longAgo(), newRun()];
    await changed(killed);
    const { world } = await changed(underWay);
    const cleaner = await OPENERS[cloud](stage.environment, 'any');
    await expect(async () => cleaner.build([])).rejects.toThrow('not built on');
    const listed: string[] = [];
    const first = await cleanUp(cleaner, olderThan(1), (line) => void listed.push(line.trim()));
    expect(first.left).toEqual([]);
    expect(first.removed, 'all of it was shown before').toEqual(listed);
    expect(plain(first.removed).every((one) => one.includes(killed.prefix))).toBe(true);
    await world.snapshot();
    const second = await cleanUp(cleaner, olderThan(1, inTwoHours()));
    expect(second.left).toEqual([]);
    expect(plain(second.removed).every((one) => one.includes(underWay.prefix))).toBe(true);
    expect(await stage.snapshot()).toEqual(before);
  });

  it('names what it could not remove, and removes the rest', async () => {
    const { account } = await changed();
    const [one, ...others] = await account.leftOvers();
    if (!one) throw new Error('There is nothing to remove.');
    const stuck = { ...one, remove: () => Promise.reject(new Error('The cloud says no.')) };
    const { removed, left } = await cleanUp({ ...account, leftOvers: async () => [stuck, ...others] }, () => true);
    expect(left[0]).toBe(`${one.kind} ${one.name}: The cloud says no.`);
    expect(left.slice(1), 'by what the rest is found').toHaveLength(others.filter(({ last }) => last).length);
    expect([...removed, ...left]).toHaveLength(others.length + 1);
    await cleanUp(account, () => true);
    expect(await stage.snapshot()).toEqual(before);
  });

  it('changes nobody else, whatever the tests ask for, and fails the test that asked', async () => {
    const { account, world, action, request } = await changed();
    const { bystander } = stage;
    const other = { ...request, principal: bystander, target: resourceOf(bystander) };
    const { prior, calls } = await action.preflight(other);
    expect(calls, 'only the gate stands before it').not.toEqual([]);
    await expect(action.apply(other, prior)).rejects.toBeInstanceOf(Error);
    await expect(world.stop()).rejects.toThrow(NotOurs);
    await cleanUp(account, () => true);
    expect(await stage.snapshot()).toEqual(before);
  });

  it('runs each action of the registry, or says why not', async () => {
    const { actions, notRun } = await OPENERS[cloud](stage.environment, 'any');
    expect([...actions.map(({ id }) => id), ...Object.keys(notRun)].toSorted()).toEqual(
      Object.keys(REGISTRIES[cloud]).toSorted(),
    );
    for (const reason of Object.values(notRun)) expect(reason.length).toBeGreaterThan(20);
  });

  it('refuses credentials of another account than the confirmed one', async () => {
    await expect(OPENERS[cloud](stage.mistaken, newRun())).rejects.toThrow(stage.refused);
    expect(await stage.snapshot()).toEqual(before);
  });
});

describe('npm run test:live', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await STAGES.gcp();
  });
  afterAll(() => stage?.stop());

  function start(args: readonly string[], environment: Readonly<Record<string, string>>) {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), ...args], {
      env: { PATH, HOME, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own, to be killed as a whole.
      detached: true,
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { kill: () => process.kill(-(child.pid ?? 0), 'SIGKILL'), ended, said: text(child.stdout) };
  }

  it('runs the contract, says what it makes and what it does not run, and leaves nothing', async () => {
    const before = await stage.snapshot();
    const { ended, said } = start(['gcp', '--action', stage.action], stage.environment);
    expect(await ended, await said).toBe(0);
    expect(await said).toMatch(/In Google Cloud project live-home everything that is made is called cordon-live-/u);
    expect(await said).toMatch(/not run live: restore-log-sinks \(the suite builds nothing/u);
    expect(await said).toMatch(/15 passed/u);
    expect(await said).toMatch(/0 removed, 0 left/u);
    expect(await stage.snapshot()).toEqual(before);
  });

  it('is cleaned up after when it was killed in the middle', async () => {
    const before = await stage.snapshot();
    const { kill, ended } = start(['gcp'], stage.environment);
    await expect.poll(() => stage.snapshot(), { timeout: 60_000 }).not.toEqual(before);
    kill();
    expect(await ended).not.toBe(0);
    for (const [name, value] of Object.entries(stage.environment)) vi.stubEnv(name, value);
    const cleaner = await OPENERS.gcp(stage.environment, 'any');
    vi.unstubAllEnvs();
    expect((await cleanUp(cleaner, olderThan(1, inTwoHours()))).left).toEqual([]);
    expect(await stage.snapshot()).toEqual(before);
  });

  it.each([
    [
      ['gcp', 'aws'],
      {},
      /Nothing was run:\n {2}- CORDON_LIVE_GCP_PROJECT is not set.*\n {2}- CORDON_LIVE_AWS_ACCOUNT/u,
    ],
    [['gcp', '--force'], {}, /Unknown option '--force'/u],
  ])('refuses %j with %j, and says what is missing', async (args, environment, says) => {
    const { ended, said } = start(args, environment);
    expect(await ended).toBe(2);
    expect(await said).toMatch(says);
  });
});

function plain(names: readonly string[]): readonly string[] {
  return names.map((name) => name.replaceAll('_', '-'));
}

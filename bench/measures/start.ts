import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { SEARCH_ATTRIBUTE_TYPES } from '../../src/contracts/search-attributes.ts';
import { startTemporalServer } from '../../src/runtime/temporal-server.ts';
import type { Progress, Row } from '../report.ts';
import { median, spread } from '../statistics.ts';

const ROOT = dirname(dirname(import.meta.dirname));
const PRODUCT = ['src', 'workflows', 'activities', 'worker', 'package.json', 'scripts/pins.json'];
const READY_WITHIN_MS = 60_000;
const TIMES = 3;

/** `cordon up` as a person starts it, from the first instruction of Node until it says that it is ready. */
export async function measureStart(address: string, progress: Progress): Promise<readonly Row[]> {
  await using places = new AsyncDisposableStack();
  const checkout = await copyOfTheProduct(places);
  const bundle = join(checkout, 'dist');
  const up = (temporal?: string) => startAndStop(checkout, temporal);

  const times = { unbundled: [] as number[], bundled: [] as number[], joining: [] as number[] };
  for (let round = 1; round <= TIMES; round += 1) {
    progress(`cordon up without bundle, with one, and beside a running Temporal, round ${round} of ${TIMES}`);
    await rm(bundle, { recursive: true, force: true });
    times.unbundled.push(await up());
    if ((await readdir(bundle)).length === 0) throw new Error('The start without a bundle has not made one.');
    times.bundled.push(await up());
    times.joining.push(await up(address));
  }
  progress('Temporal alone, Node alone');
  const temporal = await repeat(TIMES, () => timeTemporal(places));
  const node = await repeat(5, async () => {
    const startMs = performance.now();
    await ended(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }));
    return performance.now() - startMs;
  });
  return [
    row('cordon up until ready, prebuilt bundle', times.bundled),
    row('cordon up until ready, no bundle', times.unbundled),
    row('cordon up until ready, Temporal already runs', times.joining),
    row('beside it: the Temporal server alone', temporal),
    row('beside it: node -e 0', node),
  ];
}

function row(name: string, milliseconds: readonly number[]): Row {
  return { name, unit: 'ms', value: median(milliseconds), spread: spread(milliseconds) };
}

async function repeat(times: number, measure: () => Promise<number>): Promise<readonly number[]> {
  const results: number[] = [];
  while (results.length < times) results.push(await measure());
  return results;
}

/** The bundle is kept beside the sources: a copy can be without one, and nobody's checkout is touched. */
async function copyOfTheProduct(places: AsyncDisposableStack): Promise<string> {
  const copy = await scratch(places);
  await mkdir(join(copy, 'scripts'));
  for (const part of PRODUCT) await cp(join(ROOT, part), join(copy, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

async function scratch(places: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-bench-'));
  places.defer(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A first start in an empty directory each time: keys, store and Temporal's database are made. */
async function startAndStop(checkout: string, temporal: string | undefined): Promise<number> {
  await using places = new AsyncDisposableStack();
  const directory = await scratch(places);
  await writeFile(join(directory, 'cordon.yaml'), 'server:\n  port: 0\n');
  const startMs = performance.now();
  const child = spawn(process.execPath, [join(checkout, 'src/cli/main.ts'), '--json', 'up'], {
    cwd: directory,
    env: { ...process.env, ...(temporal === undefined ? {} : { TEMPORAL_ADDRESS: temporal }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = ended(child);
  const killNow = () => void child.kill('SIGKILL');
  const late = setTimeout(killNow, READY_WITHIN_MS);
  process.once('exit', killNow);
  places.defer(async () => {
    clearTimeout(late);
    child.kill('SIGTERM');
    const force = setTimeout(killNow, 35_000);
    await gone;
    clearTimeout(force);
    process.removeListener('exit', killNow);
  });
  let output = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const url = new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const found = /"url":\s*"(http[^"]+)"/u.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const failed = gone.then(() =>
    Promise.reject(new Error(`cordon up ended before it was ready. ${errors.slice(-500)}`)),
  );
  const ready = await Promise.race([url, failed]);
  const milliseconds = performance.now() - startMs;
  failed.catch(() => undefined);
  const { status } = await fetch(`${ready}/readyz`);
  if (status !== 200) throw new Error(`cordon up said that it is ready, and /readyz answers ${status}.`);
  return milliseconds;
}

async function timeTemporal(places: AsyncDisposableStack): Promise<number> {
  const databaseFile = join(await scratch(places), 'temporal.db');
  const startMs = performance.now();
  const server = await startTemporalServer({ databaseFile, searchAttributes: SEARCH_ATTRIBUTE_TYPES });
  const milliseconds = performance.now() - startMs;
  await server.stop();
  return milliseconds;
}

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}

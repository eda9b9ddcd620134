// `npm run bench`: what Cordon adds to Temporal, in time and in history. README.md says what each number means.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { SEARCH_ATTRIBUTE_TYPES } from '../src/contracts/search-attributes.ts';
import { createLogger } from '../src/runtime/logger.ts';
import { startTemporal } from '../test/support/processes/temporal.ts';
import { installRuntime } from '../worker/workers.ts';
import { measureContainment } from './measures/containment.ts';
import { measureCrowd } from './measures/crowd.ts';
import { measureHistory } from './measures/history.ts';
import { measureIngest } from './measures/ingest.ts';
import { measureKillSwitch } from './measures/kill-switch.ts';
import { measureStart } from './measures/start.ts';
import { measureVerdict } from './measures/verdict.ts';
import { isMet, machine, table, type Group, type Progress, type Row } from './report.ts';

const RESULTS = join(dirname(import.meta.dirname), 'dist', 'bench.json');

interface Measure {
  readonly title: string;
  readonly run: (temporalAddress: string, progress: Progress) => Promise<readonly Row[]>;
}

/** In this order: `ingest` leaves open workflows behind, which another one's workers would take. */
const MEASURES: Readonly<Record<string, Measure>> = {
  verdict: { title: 'From an alert to its verdict', run: measureVerdict },
  history: { title: 'History in Temporal', run: measureHistory },
  containment: { title: 'From the approval to the last change, one AWS user', run: measureContainment },
  crowd: { title: 'Many principals at once, under a budget', run: measureCrowd },
  'kill-switch': { title: 'The kill switch, three workers amid their changes', run: measureKillSwitch },
  start: { title: 'Start', run: measureStart },
  ingest: { title: 'Taking alerts in', run: measureIngest },
};

function help(): string {
  const lines = Object.entries(MEASURES).map(([name, { title }]) => `  ${name.padEnd(11)}  ${title}`);
  return `Usage: npm run bench -- [--only NAME]... [--json FILE]

${lines.join('\n')}

  --only NAME  this one only; may be given several times
  --json FILE  where the report goes as JSON; dist/bench.json if not given
Exit status: 0 measured, whether or not a target was met; 1 something could not be measured; 2 usage.`;
}

async function measureAll(
  names: readonly string[],
): Promise<{ groups: readonly Group[]; failures: readonly string[] }> {
  installRuntime(createLogger({ level: 'error', write: (line) => void process.stderr.write(line) }));
  const temporal = await startTemporal({ searchAttributes: SEARCH_ATTRIBUTE_TYPES });
  const groups: Group[] = [];
  const failures: string[] = [];
  try {
    for (const [name, { title, run }] of Object.entries(MEASURES)) {
      if (!names.includes(name)) continue;
      const startMs = performance.now();
      const elapsed = () => `${((performance.now() - startMs) / 1000).toFixed(0).padStart(3)} s`;
      const progress: Progress = (line) => console.error(`${elapsed()}  ${name}: ${line}`);
      try {
        groups.push({ name, title, rows: await run(temporal.address, progress) });
        progress('done');
      } catch (error) {
        failures.push(`${name} could not be measured: ${reasonOf(error)}`);
        progress('could not be measured');
      }
    }
  } finally {
    await temporal.stop();
  }
  return { groups, failures };
}

/** With its cause: a client's own message is often only that something went wrong. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${reasonOf(error.cause)})`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      json: { type: 'string', default: RESULTS },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help());
    return 0;
  }
  const unknown = values.only?.find((name) => !(name in MEASURES));
  if (unknown !== undefined) throw new TypeError(`Nothing to measure is called ${unknown}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  // A server and a database of its own, whatever this shell is set up for.
  for (const name of ['TEMPORAL_ADDRESS', 'DATABASE_URL', 'CORDON_CONFIG']) delete process.env[name];
  const on = machine();
  const { groups, failures } = await measureAll(values.only ?? Object.keys(MEASURES));
  const rows = groups.flatMap((group) => group.rows.map((row) => ({ measure: group.name, ...row, met: isMet(row) })));
  await mkdir(dirname(values.json), { recursive: true });
  await writeFile(values.json, `${JSON.stringify({ machine: on, rows, failures }, null, 2)}\n`);
  console.log(`\n${table(groups)}\n`);
  console.log(
    Object.entries(on)
      .map(([name, value]) => `${name} ${value}`)
      .join(' · '),
  );
  console.log(`Report: ${values.json}`);
  for (const failure of failures) console.error(failure);
  return failures.length === 0 ? 0 : 1;
}

try {
  // SDKs of the clouds leave timers behind that would hold the process for minutes.
  process.exit(await main());
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help()}`);
  process.exitCode = 2;
}

// Provides what Cordon needs on a machine. Plain JavaScript without dependencies: it runs before there are any, on Node 20.
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from './setup/cache.mjs';
import { dependencies, environmentWithNode, ministack, node, temporal } from './setup/parts.mjs';
import { elapsed, killRunningTools } from './setup/tool.mjs';

const HELP = `Usage: node scripts/setup.mjs [--check]

Installs what is missing, in this order, and does nothing where all is there:
  Node              22.18 or newer, where the machine's is older: Node 24 from npm
  npm dependencies  npm ci, run with that Node
  Temporal server   TEMPORAL_ADDRESS, "temporal" on PATH, the SDK's download, or go install
  MiniStack         the AWS emulator of tests and demo, in a Python virtual environment
All but the npm dependencies goes to a cache outside the checkout: $XDG_CACHE_HOME/cordon or ~/.cache/cordon.

  --check  reports what is there and changes nothing; exit status 1 if something is missing
  --help   this text
`;

const PARTS = [node, dependencies, temporal, ministack];

/** @returns {import('./setup/parts.mjs').Machine} */
export function thisMachine(env = process.env) {
  const here = dirname(fileURLToPath(import.meta.url));
  return {
    root: dirname(here),
    cache: cacheDirectory(env),
    env,
    pins: JSON.parse(readFileSync(join(here, 'pins.json'), 'utf8')),
    nodeVersion: process.versions.node,
    nodePath: process.execPath,
    platform: `${process.platform}-${process.arch}`,
  };
}

/**
 * Installs what is missing. Tries every part, so that a person sees all that is wrong at once; only without Node the rest waits.
 * @param {import('./setup/parts.mjs').Machine} machine
 * @param {(line: string) => void} say
 * @returns {Promise<boolean>} whether all is there now
 */
export async function setUp(machine, say) {
  let complete = true;
  for (const part of PARTS) {
    if (part.find(machine)) continue;
    const startedMs = Date.now();
    try {
      await part.install(machine);
      const found = part.find(machine);
      if (!found) throw new Error("    - it was installed and still can't be found");
      say(`  ${part.name}: ${found.note}, installed in ${elapsed(startedMs)}`);
    } catch (error) {
      complete = false;
      say(`  ${part.name}: NOT installed (after ${elapsed(startedMs)})\n${error.message}`);
      if (part === node) break;
    }
  }
  return complete;
}

/** Says what is there. @param {import('./setup/parts.mjs').Machine} machine @param {(line: string) => void} say */
export function check(machine, say) {
  const found = PARTS.map((part) => ({ part, found: part.find(machine) }));
  for (const { part, found: there } of found) say(`  ${part.name}: ${there ? there.note : 'missing'}`);
  return found.every(({ found: there }) => there);
}

/** The environment of a program that runs on this set-up. @param {import('./setup/parts.mjs').Machine} machine */
export function environmentOf(machine) {
  const paths = {
    CORDON_TEMPORAL_BINARY: temporal.find(machine)?.path,
    CORDON_MINISTACK: ministack.find(machine)?.path,
  };
  return { ...environmentWithNode(machine), ...Object.fromEntries(Object.entries(paths).filter(([, path]) => path)) };
}

/** Ctrl-C and the like end what the set-up started before they end it. */
export function endWithSignals() {
  const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 };
  for (const [signal, number] of Object.entries(numbers)) process.once(signal, () => process.exit(128 + number));
  process.once('exit', killRunningTools);
}

async function main(args) {
  const say = (line) => console.log(line);
  const unknown = args.find((arg) => !['--check', '--help'].includes(arg));
  if (unknown) {
    console.error(`Unknown argument ${unknown}\n\n${HELP}`);
    return 2;
  }
  if (args.includes('--help')) return void say(HELP.trimEnd());
  const machine = thisMachine();
  if (args.includes('--check')) return check(machine, say) ? 0 : 1;
  endWithSignals();
  if (!(await setUp(machine, say))) return 1;
  say('Cordon is set up:');
  check(machine, say);
  return 0;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}

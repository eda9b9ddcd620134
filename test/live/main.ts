// npm run test:live -- aws [azure] [gcp]: the contract of all actions on real accounts. See docs/live-tests.md.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import type { LiveAccount } from './account.ts';
import { cleanUp, olderThan, type Cleaned } from './clean.ts';
import { isCloud, refusalsOf } from './confirmation.ts';
import { OPENERS } from './open.ts';
import { newRun, type Run } from './run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MOST_HOURS = 1;
const USAGE = `Usage: npm run test:live -- aws|azure|gcp… [--action ID]… [--clean]

  --action ID  only this one; may be given several times
  --clean      lists what earlier runs left, removes what is older than ${MOST_HOURS} h, and runs no test
Exit status: 0 all holds and nothing is left, 1 not so, 2 refused. What it needs: docs/live-tests.md.`;

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      action: { type: 'string', multiple: true, default: [] },
      clean: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const refusals = refusalsOf(positionals, process.env);
  if (refusals.length > 0) {
    say(`Nothing was run:\n${refusals.map((one) => `  - ${one}`).join('\n')}\n\n${USAGE}`);
    return 2;
  }
  const clouds = positionals.filter(isCloud);
  const run = values.clean ? 'any' : newRun();
  const accounts: LiveAccount[] = [];
  // All of them before the first change.
  for (const cloud of clouds) accounts.push(await OPENERS[cloud](process.env, run));
  if (run === 'any') return cleaned(accounts, olderThan(MOST_HOURS));
  announce(run, accounts);
  const passed = await contract(run, clouds, values.action);
  // Once more, for tests that were ended before they could clean up.
  const left = await cleaned(accounts, () => true);
  return passed && left === 0 ? 0 : 1;
}

function announce({ prefix }: Run, accounts: readonly LiveAccount[]): void {
  for (const { name, notRun } of accounts) {
    say(`In ${name} everything that is made is called ${prefix}… and removed again.`);
    for (const [id, reason] of Object.entries(notRun)) say(`  not run live: ${id} (${reason})`);
  }
}

async function cleaned(accounts: readonly LiveAccount[], wanted: (name: string) => boolean): Promise<number> {
  let status = 0;
  for (const account of accounts) {
    say(`Looking for what was left in ${account.name}:`);
    const { removed, left }: Cleaned = await cleanUp(account, wanted, say);
    say(`  ${removed.length} removed, ${left.length} left.`);
    for (const one of left) say(`  LEFT, remove it by hand: ${one}`);
    if (left.length > 0) status = 1;
  }
  return status;
}

function contract(run: Run, clouds: readonly string[], actions: readonly string[]): Promise<boolean> {
  const child = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/live/vitest.config.ts', '--root', ROOT],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: {
        ...process.env,
        CORDON_LIVE_RUN: run.prefix,
        CORDON_LIVE_CLOUDS: clouds.join(' '),
        CORDON_LIVE_ACTIONS: actions.join(' '),
      },
    },
  );
  // The tests are told to end; what they made is then still removed here.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0));
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}

// node scripts/run.mjs FILE [ARGUMENTS…]: sets up, then runs FILE with the right Node. Exit status and signals are FILE's.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { node } from './setup/parts.mjs';
import { endWithSignals, environmentOf, setUp, thisMachine } from './setup.mjs';

const [file, ...args] = process.argv.slice(2);
if (!file) {
  console.error('Usage: node scripts/run.mjs FILE [ARGUMENTS…]');
  process.exit(2);
}
endWithSignals();
const machine = thisMachine();
// To standard error: what FILE prints may be read by a program.
if (!(await setUp(machine, (line) => console.error(line)))) {
  console.error('\nThe set-up is not complete, so nothing was run. "npm run setup" tries again.');
  process.exit(1);
}

const child = spawn(node.find(machine).path, [file, ...args], { stdio: 'inherit', env: environmentOf(machine) });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.removeAllListeners(signal);
  // Ctrl-C in a terminal reaches the child by itself, and twice would mean "at once" to it.
  process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
}
child.once('error', (error) => {
  console.error(`${file} could not be started: ${error.message}`);
  process.exit(1);
});
child.once('exit', (code, signal) => {
  process.exit(code ?? 128 + (signal ? constants.signals[signal] : 1));
});

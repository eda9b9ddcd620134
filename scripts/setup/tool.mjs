// Runs other programs for the set-up: always with a time limit, always with the time elapsed in sight.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const REPORT_EVERY_MS = { terminal: 1_000, log: 10_000 };
const HEAD_LINES = 6;
const TAIL_LINES = 12;
const OMITTED = '[…]';
const running = new Set();

/**
 * @typedef {{ ok: boolean, problem?: string, tail: string }} ToolResult `problem` says in words how it failed,
 *   `tail` is what the tool said last.
 */

/**
 * Never rejects and never outlasts `limitMs`: at the limit the tool is killed with all it started.
 * @param {string} command
 * @param {string[]} args
 * @param {{ title: string, limitMs: number, env?: NodeJS.ProcessEnv, cwd?: string, out?: NodeJS.WriteStream }} options
 * @returns {Promise<ToolResult>}
 */
export function runTool(command, args, { title, limitMs, env = process.env, cwd, out = process.stderr }) {
  const startedMs = Date.now();
  const shown = `${command} ${args.join(' ')}`;
  let tail = '';
  const progress = showProgress(out, () => {
    const doing = tail.trimEnd().split('\n').at(-1)?.slice(0, 60) ?? '';
    return `  ${title} … ${elapsed(startedMs)}${doing ? `  ${doing}` : ''}`;
  });
  return new Promise((resolve) => {
    // A group of its own, so that what the tool starts is killed with it.
    const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running.add(child);
    const keep = (chunk) => (tail = shortened(tail + chunk));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let timedOut = false;
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, limitMs);
    const finish = (problem) => {
      clearTimeout(limit);
      progress.end();
      running.delete(child);
      resolve({ ok: problem === undefined, ...(problem ? { problem } : {}), tail: tail.trim() });
    };
    child.once('error', (error) => {
      finish(error.code === 'ENOENT' ? `there is no "${command}" on this machine` : `${shown}: ${error.message}`);
    });
    const ended = async (code, signal) => {
      // What it said last may still be on its way; something it left behind may hold its output open for ever.
      await Promise.race([new Promise((closed) => child.once('close', closed)), sleep(500)]);
      if (timedOut) finish(`${shown} was stopped after ${limitMs / 1000} s without finishing`);
      else if (code === 0) finish();
      else finish(`${shown} ended with ${signal ?? `status ${code}`}`);
    };
    child.once('exit', (code, signal) => void ended(code, signal));
  });
}

/** Some tools say what is wrong first (npm), some last. @param {string} text */
function shortened(text) {
  const lines = text.split('\n').filter((line) => line !== OMITTED);
  if (lines.length <= HEAD_LINES + TAIL_LINES) return text;
  return [...lines.slice(0, HEAD_LINES), OMITTED, ...lines.slice(-TAIL_LINES)].join('\n');
}

/** @param {number} sinceMs */
export function elapsed(sinceMs) {
  const seconds = Math.floor((Date.now() - sinceMs) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** What a tool said last, set off from our own words. @param {string} tail */
export function quoted(tail) {
  return tail
    ? tail
        .split('\n')
        .map((line) => `      | ${line}`)
        .join('\n')
    : '      | (it said nothing)';
}

/** Ends what runs, for an interrupted set-up. */
export function killRunningTools() {
  for (const child of running) killGroup(child);
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // the group is gone already, or there never was one
  }
}

function showProgress(out, line) {
  const terminal = Boolean(out.isTTY);
  const show = () => out.write(terminal ? `\r\x1b[K${line()}` : `${line()}\n`);
  show();
  const timer = setInterval(show, terminal ? REPORT_EVERY_MS.terminal : REPORT_EVERY_MS.log);
  return {
    end() {
      clearInterval(timer);
      if (terminal) out.write('\r\x1b[K');
    },
  };
}

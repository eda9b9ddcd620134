// The cache outside the checkout. What stands under its final name is complete: it was made beside and renamed.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOCK_WAIT_MS = 45 * 60_000; // longer than the longest install
const PID_WRITTEN_WITHIN_MS = 10_000;

/** @param {NodeJS.ProcessEnv} env */
export function cacheDirectory(env) {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'cordon');
}

/**
 * Makes `target` with `install(directory)`, unless it is there. An install that fails or is interrupted leaves no target.
 * @param {string} target
 * @param {(directory: string) => Promise<void>} install fills the directory it is given; throws if it can't
 */
export async function installOnce(target, install) {
  await withLock(target, async () => {
    if (existsSync(target)) return; // another set-up made it while we waited
    await removeRemains(target);
    const making = `${target}.making-${process.pid}-${randomUUID()}`;
    try {
      await mkdir(making, { recursive: true });
      await install(making);
      await rename(making, target);
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  });
}

/**
 * One set-up at a time for `target`. A lock whose owner is dead is taken over.
 * @param {string} target
 * @param {() => Promise<void>} work
 */
export async function withLock(target, work) {
  const lock = `${target}.lock`;
  await mkdir(dirname(lock), { recursive: true });
  const deadline = Date.now() + LOCK_WAIT_MS;
  let told = false;
  while (!(await takeLock(lock))) {
    const owner = await ownerOf(lock);
    if (owner.dead) {
      await removeStaleLock(lock, owner.pid);
      continue;
    }
    if (Date.now() > deadline)
      throw new Error(`Another set-up (process ${owner.pid}) still holds ${lock}. End it, or remove that directory.`);
    if (!told) process.stderr.write(`  Another set-up (process ${owner.pid ?? '?'}) is at it; waiting for it.\n`);
    told = true;
    await sleep(200);
  }
  try {
    await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function takeLock(lock) {
  try {
    await mkdir(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  await writeFile(join(lock, 'pid'), String(process.pid));
  return true;
}

async function ownerOf(lock) {
  const text = await readFile(join(lock, 'pid'), 'utf8').catch(() => '');
  if (text) return { pid: Number(text), dead: !isAlive(Number(text)) };
  // Its owner has not written its pid yet, or was killed before it could.
  const age = await stat(lock).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0,
  );
  return { pid: undefined, dead: age > PID_WRITTEN_WITHIN_MS };
}

/** Moved aside first: if it turns out to be someone's fresh lock, it is put back. */
async function removeStaleLock(lock, stalePid) {
  const aside = `${lock}-stale-${randomUUID()}`;
  try {
    await rename(lock, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return; // another set-up was faster
    throw error;
  }
  const { pid } = await ownerOf(aside);
  if (pid !== stalePid) await rename(aside, lock).catch(() => {});
  await rm(aside, { recursive: true, force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function removeRemains(target) {
  const remains = (await readdir(dirname(target))).filter((name) => name.startsWith(`${basename(target)}.making-`));
  for (const name of remains) await rm(join(dirname(target), name), { recursive: true, force: true });
}

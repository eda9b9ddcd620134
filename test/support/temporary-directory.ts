import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Vitest's global set-up: whatever a test leaves in the temporary directory goes with the run. */
export async function setup(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-tests-'));
  // PostgreSQL refuses to run as root, and must still reach its own directory in here.
  await chmod(directory, 0o711);
  process.env['TMPDIR'] = directory;
  return () => rm(directory, { recursive: true, force: true, maxRetries: 3 });
}

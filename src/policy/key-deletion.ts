import type { LedgerEntry } from '../domain/ledger.ts';

const DAY_MS = 24 * 3_600_000;

/** From when on, ISO 8601, what was switched off at this time may be deleted: until then its owner may ask for it back. */
export function deletableFrom(deactivatedAt: string, afterDays: number): string {
  return new Date(Date.parse(deactivatedAt) + afterDays * DAY_MS).toISOString();
}

/** Of the case whose ledger this is; null where it deactivated no access key of its principal. Whether one is left is for the plan to say. */
export function keysDeletableFrom(entries: readonly LedgerEntry[], afterDays: number): string | null {
  const newest = entries.findLast(
    ({ type, body }) =>
      type === 'outcome' && body['action'] === 'deactivate-access-keys' && body['status'] === 'applied',
  );
  return newest ? deletableFrom(newest.at, afterDays) : null;
}

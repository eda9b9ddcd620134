import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';

import { canonicalJson } from '../domain/canonical.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEntry, NewLedgerEntry } from '../domain/ledger.ts';
import type { Schema, Vault } from './schema.ts';

type Row = Selectable<Schema['ledger_entries']>;

/** Where the chain ends; sealed in a register of its own, so that entries cut off at the end are missed. */
export interface Head {
  readonly sequence: number;
  readonly hash: string;
}

/** Of the ledger without entries. */
export const GENESIS: Head = { sequence: 0, hash: '0'.repeat(64) };

export function hashOf(content: Omit<LedgerEntry, 'hash'>): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

export function toRow(entry: LedgerEntry, vault: Vault): Row {
  return {
    sequence: entry.sequence,
    type: entry.type,
    case_id: entry.caseId,
    key_lookup: vault.lookup('ledger', entry.key),
    at: entry.at,
    previous_hash: entry.previousHash,
    hash: entry.hash,
    sealed: vault.seal({ key: entry.key, body: entry.body }, `ledger|${entry.sequence}`),
  };
}

/** Throws when the entry is not as it was written: nothing is decided on a forged one. */
export function fromRow(row: Row, vault: Vault): LedgerEntry {
  const damage = damageOf(row, vault);
  if (typeof damage !== 'string') return damage;
  throw new Error(`Ledger entry ${row.sequence} is not as it was written: ${damage} Run "cordon ledger verify".`);
}

/** The entry when it is whole in itself, else what is wrong with it. */
export function damageOf(row: Row, vault: Vault): LedgerEntry | string {
  const text = opened(row, vault);
  if (!text) return 'its text was changed or comes from another place.';
  if (row.key_lookup !== vault.lookup('ledger', text.key)) return 'its lookup key was changed.';
  const { sequence, type, case_id: caseId, at, previous_hash: previousHash, hash } = row;
  const content = { type, caseId, key: text.key, body: text.body, sequence, at, previousHash };
  return hashOf(content) === hash ? { ...content, hash } : 'its hash does not match its fields.';
}

function opened(row: Row, vault: Vault): { readonly key: string; readonly body: JsonObject } | null {
  try {
    return vault.open(row.sealed, `ledger|${row.sequence}`) as { key: string; body: JsonObject };
  } catch {
    return null;
  }
}

/**
 * What JSON keeps of it, with U+FFFD for lone surrogates: canonical JSON refuses them, and text of an attacker must not be able
 * to keep an entry out of the ledger.
 */
export function wellFormed(entry: NewLedgerEntry): NewLedgerEntry {
  const repaired = (value: unknown): unknown => {
    if (typeof value === 'string') return value.toWellFormed();
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(repaired);
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key.toWellFormed(), repaired(field)]));
  };
  return repaired(JSON.parse(JSON.stringify(entry))) as NewLedgerEntry;
}

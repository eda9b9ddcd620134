import type { Generated, Kysely } from 'kysely';

import type { CaseState } from '../domain/case.ts';
import type { LedgerEntryType } from '../domain/ledger.ts';
import type { VerdictOutcome } from '../domain/verdict.ts';

/**
 * In the clear stand ids, hashes, enums, times (ISO 8601 UTC, so that text order is time order) and sequences; columns named
 * `sealed` hold encrypted JSON, those named `…_lookup` a keyed hash (see vault.ts).
 */
export interface Schema {
  alerts: AlertTable;
  alert_addresses: { alert_id: string; address_lookup: string };
  cases: CaseTable;
  plans: { digest: string; case_id: string; sealed: string };
  ledger_entries: LedgerTable;
  budget_reservations: { limit_name: string; key_lookup: string; reserved_at: string };
  /** Single values under a name; a row is also the lock of what it stands for. */
  registers: { name: RegisterName; sealed: string };
}

export type RegisterName = 'lookup-key' | 'ledger-head' | 'budget' | 'kill-switch';

interface AlertTable {
  arrival: Generated<number>;
  alert_id: string;
  dedup_lookup: string;
  workflow_id: string;
  received_at: string;
  delivery: 'waiting' | 'delivered';
  verdict: VerdictOutcome | null;
  principal_lookup: string | null;
  sealed_principal: string | null;
  case_id: string | null;
  sealed: string;
  sealed_raw: string;
}

interface CaseTable {
  opening: Generated<number>;
  case_id: string;
  workflow_id: string;
  principal_lookup: string;
  state: CaseState;
  opened_at: string;
  updated_at: string;
  plan_digest: string | null;
  timeline_length: number;
  /** ISO 8601; empty in records from before this column. */
  newest_line_at: string;
  sealed: string;
}

interface LedgerTable {
  sequence: number;
  type: LedgerEntryType;
  case_id: string;
  key_lookup: string;
  at: string;
  previous_hash: string;
  hash: string;
  sealed: string;
}

export type Database = Kysely<Schema>;

/** What the stores are made from. */
export interface StoreParts {
  readonly database: Database;
  readonly dialect: DialectName;
  readonly vault: Vault;
  readonly now: () => Date;
}

export type DialectName = 'sqlite' | 'postgres';

/** See vault.ts. */
export interface Vault {
  seal(value: object | string, context: string): string;
  open(sealed: string, context: string): unknown;
  lookup(kind: string, value: string): string;
}

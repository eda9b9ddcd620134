import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';

import { postgresAvailable } from '../../support/processes/postgres.ts';
import { alertContract, relatedAlertContract } from './alerts.contract.ts';
import { budgetContract, killSwitchContract } from './brakes.contract.ts';
import { caseContract, planContract } from './cases.contract.ts';
import { databaseContract, openingContract } from './database.contract.ts';
import { postgresServer, sqliteServer } from './databases.ts';
import type { Fixture } from './fixture.ts';
import { useDatabase } from './fixture.ts';
import { ledgerVerificationContract } from './ledger-verification.contract.ts';
import { ledgerContract, ledgerProcessContract, unfinishedContract } from './ledger.contract.ts';

function storeContract(fixture: Fixture): void {
  alertContract(fixture);
  relatedAlertContract(fixture);
  caseContract(fixture);
  planContract(fixture);
  budgetContract(fixture);
  killSwitchContract(fixture);
  databaseContract(fixture);
  openingContract(fixture);
  ledgerContract(fixture);
  unfinishedContract(fixture);
  ledgerProcessContract(fixture);
  ledgerVerificationContract(fixture);
}

describe('a store on SQLite', () => {
  const fixture = useDatabase(sqliteServer);
  storeContract(fixture);

  it('is a file for its owner alone, its journal too', () => {
    const { path } = fixture.database.where as { path: string };
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(path + suffix).mode & 0o777, suffix).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });
});

describe.skipIf(!postgresAvailable())('a store on PostgreSQL', () => {
  storeContract(useDatabase(postgresServer));
});

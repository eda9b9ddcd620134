import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

import type { Store } from '../../../src/store/port.ts';
import type { DatabaseServer, TestDatabase } from './databases.ts';

/** What a contract runs on: for every test a new database and a store on it, with a clock that only the test moves. */
export interface Fixture {
  readonly server: DatabaseServer;
  readonly database: TestDatabase;
  readonly store: Store;
  readonly clock: { at: number };
  readonly now: () => Date;
}

export function useDatabase(start: () => Promise<DatabaseServer>): Fixture {
  const clock = { at: Date.parse('2026-01-02T03:04:05.000Z') };
  const fixture = { clock, now: () => new Date(clock.at) } as { -readonly [Part in keyof Fixture]: Fixture[Part] };
  beforeAll(async () => void (fixture.server = await start()));
  afterAll(() => fixture.server?.stop());
  beforeEach(async () => {
    fixture.database = await fixture.server.create();
    fixture.store = await fixture.database.open(fixture.now);
  });
  afterEach(async () => {
    await fixture.store.close();
    await fixture.database.remove();
  });
  return fixture;
}

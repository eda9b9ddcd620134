import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresAvailable, startPostgres, type Postgres } from './postgres.ts';

describe.skipIf(!postgresAvailable())('PostgreSQL', () => {
  let postgres: Postgres;
  beforeAll(async () => void (postgres = await startPostgres()), 90_000);
  afterAll(() => postgres?.stop());

  const ask = async (url: string, sql: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };

  it('answers, and gives databases that do not see each other', async () => {
    const [one, two] = [await postgres.createDatabase(), await postgres.createDatabase()];
    await ask(one, 'create table entry (id int)');
    expect(await ask(one, 'select count(*)::int as n from entry')).toEqual([{ n: 0 }]);
    await expect(ask(two, 'select * from entry')).rejects.toThrow('does not exist');
    expect(await ask(postgres.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  });

  it('is gone once it is stopped, with all it had', async () => {
    const other = await startPostgres();
    await other.stop();
    await expect(ask(other.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
  });
});

import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { hashOf } from '../../../src/store/ledger-entry.ts';
import { sealing } from '../../../src/store/vault.ts';
import type { Fixture } from './fixture.ts';
import { appendMany } from './samples.ts';

const COUNT = 8;

const tampered: [what: string, statements: string, sequence: number, reason: RegExp][] = [
  ['an entry taken out', 'delete from ledger_entries where sequence = 4', 4, /missing/u],
  ['the first taken out', 'delete from ledger_entries where sequence = 1', 1, /missing/u],
  ['the end cut off', 'delete from ledger_entries where sequence > 5', 6, /cut off/u],
  ['everything taken out', 'delete from ledger_entries', 1, /cut off/u],
  [
    'two exchanged',
    `update ledger_entries set sequence = -1 where sequence = 3; update ledger_entries set sequence = 3 where sequence = 6;
     update ledger_entries set sequence = 6 where sequence = -1`,
    3,
    /changed/u,
  ],
  [
    'one taken out and the rest moved up',
    'delete from ledger_entries where sequence = 2; update ledger_entries set sequence = 2 where sequence = 8',
    2,
    /changed/u,
  ],
  [
    'one put behind the end',
    `insert into ledger_entries select 9, 'state', case_id, key_lookup, at, previous_hash, hash, sealed
     from ledger_entries where sequence = 8`,
    9,
    /does not cover/u,
  ],
  [
    'one put before the start',
    `insert into ledger_entries select 0, 'state', case_id, key_lookup, at, previous_hash, hash, sealed
     from ledger_entries where sequence = 8`,
    0,
    /before the first/u,
  ],
  ['the head changed', `update registers set sealed = 'e30=' where name = 'ledger-head'`, 0, /head/u],
  ['the head taken out', `delete from registers where name = 'ledger-head'`, 0, /head/u],
];
export function ledgerVerificationContract(fixture: Fixture): void {
  describe('verifying the ledger', () => {
    beforeEach(() => appendMany(fixture, COUNT));
    const verdict = () => fixture.store.ledger.verify();

    it('the database refuses to change or remove an entry', async () => {
      const changes = ['update ledger_entries set at = at', 'delete from ledger_entries', fixture.database.replacing];
      for (const change of changes) await expect(fixture.database.run(change), change).rejects.toThrow('append-only');
      expect(await verdict()).toMatchObject({ status: 'intact', entries: COUNT });
    });

    it('names the entry of which any one field was changed', () => expectEveryChangeToBeNamed(fixture));

    it.each(tampered)('names the first bad entry: %s', async (_, statements, sequence, reason) => {
      await fixture.database.dropTriggers();
      for (const statement of statements.split(';')) await fixture.database.run(statement);
      const answer = await verdict();
      expect(answer).toMatchObject({ status: 'broken', sequence });
      expect((answer as { reason: string }).reason).toMatch(reason);
    });

    it.each([
      [4, 5, /does not follow/u],
      [COUNT, COUNT, /head names/u],
    ])(
      'notices entry %i written anew, hash and all, by someone who holds the key',
      async (number, sequence, reason) => {
        await fixture.database.dropTriggers();
        await writeAnew(fixture, number);
        const answer = await verdict();
        expect(answer).toMatchObject({ status: 'broken', sequence });
        expect((answer as { reason: string }).reason).toMatch(reason);
      },
    );

    it('notices a head that was put back to an older one', async () => {
      const [old] = await fixture.database.rows<{ sealed: string }>(
        `select sealed from registers where name = 'ledger-head'`,
      );
      await appendMany(fixture, COUNT + 1);
      await fixture.database.run(`update registers set sealed = '${old?.sealed}' where name = 'ledger-head'`);
      expect(await verdict()).toMatchObject({ status: 'broken', sequence: COUNT + 1 });
    });

    it('nothing is read from a forged entry', async () => {
      await fixture.database.dropTriggers();
      await fixture.database.run(`update ledger_entries set type = 'outcome' where sequence = 2`);
      await expect(fixture.store.ledger.find('outcome', 'key-2')).rejects.toThrow('entry 2 is not as it was written');
      await expect(fixture.store.ledger.ofCase('ca_2')).rejects.toThrow('cordon ledger verify');
    });
  });
}

async function writeAnew({ database, store }: Fixture, number: number): Promise<void> {
  const entry = await store.ledger.find('intent', `key-${number}`);
  if (!entry) throw new Error(`There is no entry ${number}.`);
  const { hash: _, ...content } = { ...entry, body: { forged: true } };
  const sealed = sealing(database.cipher).seal({ key: entry.key, body: content.body }, `ledger|${number}`);
  await database.run(
    `update ledger_entries set sealed = '${sealed}', hash = '${hashOf(content)}' where sequence = ${number}`,
  );
}

async function expectEveryChangeToBeNamed(fixture: Fixture): Promise<void> {
  const verdict = () => fixture.store.ledger.verify();
  await fixture.database.dropTriggers();
  type Row = Record<string, string | number>;
  const rows = await fixture.database.rows<Row>('select * from ledger_entries order by sequence');
  const fields = Object.keys(rows[0] ?? {}).filter((field) => field !== 'sequence');
  const literal = (value: string | number | undefined) => `'${String(value).replaceAll("'", "''")}'`;
  const change = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: fc.nat(10_000) }),
    fc.record({ kind: fc.constant('cut' as const) }),
    fc.record({ kind: fc.constant('copy' as const), from: fc.nat(COUNT - 1) }),
    fc.record({ kind: fc.constant('other' as const), text: fc.string({ unit: 'grapheme-ascii' }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(COUNT - 1), fc.constantFrom(...fields), change, async (index, field, how) => {
      const before = String(rows[index]?.[field]);
      const after = changed(before, how, (from) => String(rows[from]?.[field]));
      fc.pre(after !== before);
      const set = (value: string) =>
        fixture.database.run(`update ledger_entries set ${field} = ${literal(value)} where sequence = ${index + 1}`);
      try {
        await set(after);
      } catch {
        return; // the database's own constraint: one entry a type and key
      }
      expect(await verdict()).toMatchObject({ status: 'broken', sequence: index + 1 });
      await set(before);
    }),
    { numRuns: 60 },
  );
  expect(await verdict()).toMatchObject({ status: 'intact', entries: COUNT });
}

type Change =
  | { kind: 'flip'; at: number }
  | { kind: 'cut' }
  | { kind: 'copy'; from: number }
  | { kind: 'other'; text: string };

function changed(text: string, how: Change, ofEntry: (index: number) => string): string {
  if (how.kind === 'cut') return text.slice(0, -1);
  if (how.kind === 'copy') return ofEntry(how.from);
  if (how.kind === 'other') return how.text;
  const at = how.at % text.length;
  return text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
}

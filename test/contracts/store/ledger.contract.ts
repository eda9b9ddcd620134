import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { JsonObject } from '../../../src/domain/json.ts';
import type { NewLedgerEntry } from '../../../src/domain/ledger.ts';
import type { Fixture } from './fixture.ts';
import { appendMany, entryNumber } from './samples.ts';

const APPENDER = fileURLToPath(new URL('./appender-process.ts', import.meta.url));

export function ledgerContract(fixture: Fixture): void {
  describe('appending', () => {
    it('chains entries without holes, also when many append at once', async () => {
      const entries = await Promise.all(
        Array.from({ length: 30 }, (_, n) => fixture.store.ledger.append(entryNumber(n))),
      );
      const ordered = entries.toSorted((a, b) => a.sequence - b.sequence);
      expect(ordered.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
      expect(ordered.slice(1).map(({ previousHash }) => previousHash)).toEqual(
        ordered.slice(0, -1).map(({ hash }) => hash),
      );
      expect(await fixture.store.ledger.verify()).toEqual({
        status: 'intact',
        entries: 30,
        head: ordered.at(-1)?.hash,
      });
    });

    it('writes an entry once a type and key, and answers with the first', async () => {
      const first = await fixture.store.ledger.append(entryNumber(1));
      const again = await Promise.all(
        [1, 2, 3].map((n) => fixture.store.ledger.append(entryNumber(1, { body: { again: n } }))),
      );
      expect(again).toEqual([first, first, first]);
      const outcome = await fixture.store.ledger.append(entryNumber(1, { type: 'outcome' }));
      expect(outcome.sequence).toBe(2);
      expect(await fixture.store.ledger.find('intent', 'key-1')).toEqual(first);
      expect(await fixture.store.ledger.find('refusal', 'key-1')).toBeNull();
      expect(await fixture.store.ledger.ofCase('ca_1')).toEqual([first, outcome]);
    });

    it('keeps every body that JSON can hold, hostile text included', async () => {
      let number = 0;
      const body = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }), {
        noNullPrototype: true,
      });
      await fc.assert(
        fc.asyncProperty(body, async (given) => {
          const written = await fixture.store.ledger.append(entryNumber(++number, { body: given as JsonObject }));
          expect(await fixture.store.ledger.find('intent', `key-${number}`)).toEqual(written);
        }),
        { numRuns: 40, examples: [[{ broken: '\ud800 \u0000 \u202e' }], [{ constructor: 1 }]] },
      );
      expect(await fixture.store.ledger.verify()).toMatchObject({ status: 'intact', entries: number });
    });
  });
}

export function unfinishedContract(fixture: Fixture): void {
  describe('what the ledger calls unfinished', () => {
    const append = (number: number, type: NewLedgerEntry['type']) =>
      fixture.store.ledger.append(entryNumber(number, { type }));

    it('are intents that have no outcome of their own kind under the same key', async () => {
      expect(await fixture.store.ledger.unfinished()).toEqual([]);
      await append(1, 'intent');
      const lost = await append(2, 'intent');
      await append(1, 'outcome');
      await append(2, 'refusal');
      await append(2, 'rollback-outcome');
      await append(3, 'intent');
      await append(3, 'outcome');
      const undoing = await append(3, 'rollback-intent');
      await append(4, 'rollback-intent');
      await append(4, 'rollback-outcome');
      expect(await fixture.store.ledger.unfinished()).toEqual([lost, undoing]);
      await append(2, 'outcome');
      expect(await fixture.store.ledger.unfinished()).toEqual([undoing]);
    });
  });
}

export function ledgerProcessContract(fixture: Fixture): void {
  describe('appending by processes', () => {
    it('is all or nothing: a process that is killed while it appends leaves an intact ledger', async () => {
      const child = appender(fixture, 'killed', 100_000);
      let acknowledged = 0;
      child.stdout.on('data', (lines: Buffer) => (acknowledged += lines.toString().split('\n').length - 1));
      await once(child.stdout, 'data');
      await expect.poll(() => acknowledged, { timeout: 30_000 }).toBeGreaterThan(20);
      child.kill('SIGKILL');
      await once(child, 'close');
      const verified = await fixture.store.ledger.verify();
      expect(verified.status).toBe('intact');
      expect((verified as { entries: number }).entries).toBeGreaterThanOrEqual(acknowledged);
      await appendMany(fixture, 3);
      expect((await fixture.store.ledger.verify()).status).toBe('intact');
    });

    it('keeps one chain when several processes append', async () => {
      const children = ['a', 'b'].map((prefix) => appender(fixture, prefix, 25));
      const ended = children.map((child) => once(child, 'close') as Promise<[number | null]>);
      await appendMany(fixture, 25);
      expect((await Promise.all(ended)).map(([status]) => status)).toEqual([0, 0]);
      expect(await fixture.store.ledger.verify()).toMatchObject({ status: 'intact', entries: 75 });
    });
  });
}

function appender({ database }: Fixture, prefix: string, count: number) {
  const key = Buffer.from(database.key).toString('base64');
  return spawn(process.execPath, [APPENDER], {
    env: { ...process.env, APPENDER: JSON.stringify({ ...database.where, key, prefix, count }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

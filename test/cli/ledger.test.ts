import { access } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';

import { createCipher } from '../../src/encryption/cipher.ts';
import { keysFromFile } from '../../src/encryption/key-file.ts';
import { openStore } from '../../src/store/index.ts';
import { cordon, scratch } from './cordon.ts';

const CONFIG = 'store: {path: cordon.db}\nencryption: {keyFile: payload.key}\n';

async function withLedger(): Promise<string> {
  const cwd = await scratch({ 'cordon.yaml': CONFIG });
  const cipher = createCipher(await keysFromFile(join(cwd, 'payload.key')));
  const store = await openStore({ path: join(cwd, 'cordon.db'), cipher });
  for (const key of ['one', 'two', 'three']) {
    await store.ledger.append({ type: 'state', caseId: 'ca_1', key, body: { state: 'ENRICHING' } });
  }
  await store.close();
  return cwd;
}

test('a whole ledger is intact, and a changed entry is named', async () => {
  const cwd = await withLedger();
  const intact = await cordon(['ledger', 'verify', '--json'], { cwd });
  expect(intact.status, intact.stderr).toBe(0);
  expect(JSON.parse(intact.stdout)).toMatchObject({ status: 'intact', entries: 3 });

  const database = new Sqlite(join(cwd, 'cordon.db'));
  // As someone who owns the machine would: whatever guards the table in SQL is removed first.
  for (const { name } of database.prepare("select name from sqlite_master where type = 'trigger'").all() as {
    name: string;
  }[]) {
    database.exec(`drop trigger "${name}"`);
  }
  database.exec("update ledger_entries set case_id = 'ca_2' where sequence = 2");
  database.close();

  const broken = await cordon(['ledger', 'verify', '--json'], { cwd });
  expect(broken.status).toBe(1);
  expect(JSON.parse(broken.stdout)).toMatchObject({ status: 'broken', sequence: 2 });
  const text = await cordon(['ledger', 'verify'], { cwd });
  expect(text.stdout).toContain('BROKEN at entry 2');
});

test('a ledger that is not there is not intact, and asking does not make one', async () => {
  const cwd = await scratch({ 'cordon.yaml': CONFIG });
  expect(await cordon(['ledger', 'verify'], { cwd })).toMatchObject({ status: 2, stdout: '' });
  for (const file of ['cordon.db', 'payload.key']) await expect(access(join(cwd, file))).rejects.toThrow('ENOENT');
});

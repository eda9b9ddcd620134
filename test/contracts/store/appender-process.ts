import { createCipher } from '../../../src/encryption/cipher.ts';
import { openStore } from '../../../src/store/index.ts';

/** Appends entries to a ledger, one after the other, and writes a line for each that was acknowledged. */
const { key, prefix, count, ...where } = JSON.parse(process.env['APPENDER'] ?? '') as {
  key: string;
  prefix: string;
  count: number;
  path?: string;
  databaseUrl?: string;
};
const store = await openStore({ ...where, cipher: createCipher([Buffer.from(key, 'base64')]) });
for (let number = 0; number < count; number++) {
  await store.ledger.append({ type: 'intent', caseId: 'ca_1', key: `${prefix}-${number}`, body: { number } });
  process.stdout.write(`${number}\n`);
}
await store.close();

import { dependenciesOf, openSqlite, CasesDouble } from './serving.ts';
import { createServer } from '../../src/server/server.ts';
import { signatureHeaders } from '../../src/server/signature.ts';
import { mkdtempSync } from 'node:fs';
const dir = mkdtempSync('/tmp/zz-');
const store = await openSqlite(dir);
const app = await createServer(dependenciesOf(store, new CasesDouble()));
await app.ready();
const send = (id: number) => {
  const text = JSON.stringify({ id: String(id), title: 't', rule: 'r', severity: 'high', cloud: 'aws', firstSeen: '2026-01-31T23:50:00Z' });
  return app.inject({ method: 'POST', url: '/v1/alerts/generic', payload: text, headers: { 'content-type': 'application/json', ...signatureHeaders('generic-hmac-secret', text, new Date()) } });
};
for (const [name, id] of [['new', (n: number) => n], ['duplicates', () => 1]] as const) {
  const N = 3000; const t = Date.now(); let n = 0; const c = process.cpuUsage();
  await Promise.all(Array.from({ length: 32 }, async () => { while (n < N) { const r = await send(id(n++)); if (r.statusCode !== 202) throw new Error(r.body); } }));
  const cpu = process.cpuUsage(c);
  console.log(name, Math.round(N / ((Date.now() - t) / 1000)), 'req/s', 'cpu ms/req', ((cpu.user + cpu.system) / 1000 / N).toFixed(2));
}
await app.close(); await store.close();

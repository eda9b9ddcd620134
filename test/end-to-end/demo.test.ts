import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { z } from 'zod';

import { run, scratch } from '../cli/cordon.ts';

const DEMO = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));

/**
 * Every secret of the stage is a long run of hex digits (keys of MiniStack 40, session tokens 128, tokens of the demo 48) or a
 * token of Slack. What may be shown: digests (64), and ids of cases and alerts (32, `ca` before it looks like hex as well).
 */
function secretsIn(text: string): readonly string[] {
  const runs = (text.match(/[0-9a-f]{33,}/gu) ?? []).filter((hex) => hex.length !== 64 && !/^ca.{32}$/u.test(hex));
  return [...runs, ...(text.match(/xox[abp]-\S*/gu) ?? [])];
}

const attempt = z.strictObject({ allowed: z.boolean(), errorCode: z.string().nullable(), httpStatus: z.number() });
const passed = { allowed: true, errorCode: null };
const report = z.looseObject({
  ok: z.boolean(),
  versions: z.record(z.string(), z.string().min(1)),
  steps: z.array(z.looseObject({ title: z.string(), seconds: z.number() })),
  credentials: z.array(
    z.strictObject({ who: z.string(), call: z.string(), before: attempt, after: attempt, afterRollback: attempt }),
  ),
  bystanders: z.array(z.strictObject({ who: z.string(), call: z.string(), before: attempt, after: attempt })),
  snapshot: z.strictObject({ facts: z.number().min(20), differencesAfterRollback: z.array(z.string()) }),
  ledger: z.looseObject({ status: z.string(), entries: z.number().min(10) }),
  checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

it('contains a leaked key from end to end, proves it by the credentials themselves, and puts everything back', async () => {
  const file = join(await scratch(), 'report.json');
  const { status, stdout, stderr } = await run(process.execPath, [DEMO, '--yes', '--report', file]);
  expect(status, stdout + stderr).toBe(0);
  const text = await readFile(file, 'utf8');
  const { ok, steps, credentials, bystanders, snapshot, ledger, checks } = report.parse(JSON.parse(text));
  expect(ok).toBe(true);
  expect(steps).toHaveLength(7);
  expect(checks.filter((check) => !check.ok)).toEqual([]);

  const refusedWith = Object.fromEntries(credentials.map(({ who, after }) => [who, after.errorCode]));
  expect(refusedWith).toEqual({
    "alice's leaked key": 'InvalidClientTokenId',
    "alice's second key": 'InvalidAccessKeyId',
    'session of GetSessionToken': 'UnauthorizedOperation',
    'session of AssumeRole': 'AccessDeniedException',
  });
  for (const { before, after, afterRollback } of credentials) {
    expect([before, after, afterRollback]).toMatchObject([passed, { allowed: false }, passed]);
  }
  expect(bystanders.map(({ who }) => who)).toEqual([
    'terraform-ci',
    'veeam-backup',
    'breakglass-admin',
    "bob's fresh session of the role",
  ]);
  for (const { before, after } of bystanders) expect([before, after]).toMatchObject([passed, passed]);
  expect(snapshot.differencesAfterRollback).toEqual([]);
  expect(ledger.status).toBe('intact');
  for (const shown of [text, stdout, stderr]) expect(secretsIn(shown)).toEqual([]);
});

it.each([
  ['nobody at a terminal to ask', []],
  ['an option that there is not', ['--force']],
  ['a report that can not be written', ['--yes', '--report', '/nowhere/report.json']],
])('with %s it is a usage error, before anything is started', async (_case, args) => {
  const { status, stdout, stderr } = await run(process.execPath, [DEMO, ...args]);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/\n {4}at /u);
});

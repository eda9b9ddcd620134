import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { z } from 'zod';

import { CLOUDS, type Cloud } from '../../src/domain/cloud.ts';
import { run, scratch } from '../cli/cordon.ts';

const DEMO = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));

/**
 * Secrets of the stage are long runs of hex digits (keys of MiniStack 40, session tokens 128, tokens of the demo 48), tokens of
 * Slack, signed tokens (JWT), lines of private keys, and secrets of Entra, which the doubles mark. What may be shown: digests (64),
 * ids of cases and alerts (32, `ca` before it looks like hex as well), and the ids of Google's keys where they stand as such.
 */
function secretsIn(text: string): readonly string[] {
  const withoutKeyIds = text.replaceAll(/(?<=keys?[/ ])[0-9a-f]{40}\b/gu, '');
  const runs = (withoutKeyIds.match(/[0-9a-f]{33,}/gu) ?? []).filter(
    (hex) => hex.length !== 64 && !/^ca.{32}$/u.test(hex),
  );
  return [...runs, ...(text.match(/xox[abp]-\S*|eyJ[\w-]{20,}|-----BEGIN|MII[A-Za-z0-9+/]{40,}|.{3}8Q~\S*/gu) ?? [])];
}

const attempt = z.strictObject({
  allowed: z.boolean(),
  errorCode: z.string().nullable(),
  httpStatus: z.number().nullable(),
});
const passed = { allowed: true, errorCode: null };
const inCloud = z.strictObject({
  cloud: z.enum(CLOUDS),
  steps: z.array(z.looseObject({ title: z.string(), seconds: z.number() })),
  caseId: z.string(),
  credentials: z.array(
    z.strictObject({ who: z.string(), call: z.string(), before: attempt, after: attempt, afterRollback: attempt }),
  ),
  bystanders: z.array(z.strictObject({ who: z.string(), call: z.string(), before: attempt, after: attempt })),
  snapshot: z.strictObject({
    facts: z.number().min(20),
    differencesAfterRollback: z.array(z.string()),
    removedForGood: z.array(z.string()),
  }),
  ledger: z.looseObject({ status: z.string(), entries: z.number().min(10) }),
});
const report = z.looseObject({
  ok: z.boolean(),
  versions: z.record(z.string(), z.string().min(1)),
  clouds: z.array(inCloud),
  checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

interface Expected {
  /** The cloud's own word for no, for each credential of the attacker. */
  readonly refused: Readonly<Record<string, string>>;
  readonly bystanders: readonly string[];
  /** Credentials that nobody can give back, and what the account has lost for good. */
  readonly gone: readonly string[];
  readonly removedForGood: readonly string[];
}

const EXPECTED: Readonly<Record<Cloud, Expected>> = {
  aws: {
    refused: {
      "alice's leaked key": 'InvalidClientTokenId',
      "alice's second key": 'InvalidAccessKeyId',
      'session of GetSessionToken': 'UnauthorizedOperation',
      'session of AssumeRole': 'AccessDeniedException',
    },
    bystanders: ['terraform-ci', 'veeam-backup', 'breakglass-admin', "bob's fresh session of the role"],
    gone: [],
    removedForGood: [],
  },
  azure: {
    refused: {
      "shop-deployer's leaked secret": 'AADSTS7000112',
      "shop-deployer's second secret": 'AADSTS7000112',
      'token minted before, reading': 'AuthorizationFailed',
      'token minted before, writing': 'AuthorizationFailed',
    },
    bystanders: ['terraform-ci', 'veeam-backup', 'admin'],
    gone: ["shop-deployer's leaked secret", "shop-deployer's second secret"],
    removedForGood: ['applications shop-deployer secret laptop', 'applications shop-deployer secret pipeline'],
  },
  gcp: {
    refused: {
      "shop-deployer's leaked key": 'invalid_grant',
      "shop-deployer's second key": 'invalid_grant',
      'token minted before': 'UNAUTHENTICATED',
      'token minted before, by the conditional role': 'UNAUTHENTICATED',
    },
    bystanders: ['terraform-ci', 'veeam-backup', 'admin', 'bob, by his own conditional role'],
    gone: [],
    removedForGood: [],
  },
};

it.each(CLOUDS)(
  'contains a leaked credential of %s from end to end, proves it by the credentials themselves, and puts everything back',
  async (cloud) => {
    const file = join(await scratch(), 'report.json');
    const { status, stdout, stderr } = await run(process.execPath, [DEMO, '--cloud', cloud, '--yes', '--report', file]);
    expect(status, stdout + stderr).toBe(0);
    const text = await readFile(file, 'utf8');
    const { ok, clouds, checks } = report.parse(JSON.parse(text));
    expect(ok).toBe(true);
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(clouds.map((one) => one.cloud)).toEqual([cloud]);
    for (const one of clouds) expectContained(one);
    for (const shown of [text, stdout, stderr]) expect(secretsIn(shown)).toEqual([]);
  },
);

function expectContained({ cloud, steps, credentials, bystanders, snapshot, ledger }: z.infer<typeof inCloud>): void {
  const expected = EXPECTED[cloud];
  expect(steps).toHaveLength(7);
  expect(Object.fromEntries(credentials.map(({ who, after }) => [who, after.errorCode]))).toEqual(expected.refused);
  for (const { who, before, after, afterRollback } of credentials) {
    const restored = !expected.gone.includes(who);
    expect([before, after], who).toMatchObject([passed, { allowed: false }]);
    expect(afterRollback.allowed, who).toBe(restored);
  }
  expect(bystanders.map(({ who }) => who)).toEqual(expected.bystanders);
  for (const { before, after } of bystanders) expect([before, after]).toMatchObject([passed, passed]);
  expect(snapshot.differencesAfterRollback).toEqual([]);
  expect(snapshot.removedForGood).toEqual(expected.removedForGood);
  expect(ledger.status).toBe('intact');
}

it.each([
  ['nobody at a terminal to ask', []],
  ['an option that there is not', ['--force']],
  ['a cloud that there is not', ['--yes', '--cloud', 'other']],
  ['a report that can not be written', ['--yes', '--report', '/nowhere/report.json']],
])('with %s it is a usage error, before anything is started', async (_case, args) => {
  const { status, stdout, stderr } = await run(process.execPath, [DEMO, ...args]);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/\n {4}at /u);
});

import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import proto from '@temporalio/proto';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import finding from '../../src/sources/guardduty/fixtures/event-iam-user.json' with { type: 'json' };
import { CaseUnderTest, NAMESPACE, startCordon, type Cordon, type User } from '../support/cordon.ts';

const { History } = proto.temporal.api.history.v1;
const { DescribeWorkflowExecutionResponse } = proto.temporal.api.workflowservice.v1;

let cordon: Cordon;
beforeAll(async () => {
  cordon = await startCordon({ aws: { actions: ['deny-principal', 'deactivate-access-keys', 'rotate-access-key'] } });
});
afterAll(() => cordon?.stop());

/** Shaped as AWS makes them: forty characters, both cases, digits. */
const canary = `Canary7${randomBytes(40)
  .toString('base64')
  .replaceAll(/[^A-Za-z0-9]/gu, 'x')}`.slice(0, 40);

test('no secret is anywhere but where it belongs: not in history, store, log, Slack or ledger', async () => {
  const rita = await cordon.createUser('rita');
  const alertId = await cordon.sendFinding(findingAbout(rita));
  expect(await cordon.store.alerts.raw(alertId), 'the canary did come in').toContain(canary);
  const thisCase = new CaseUnderTest(cordon, rita.principal, alertId);
  await thisCase.approve();
  expect(await thisCase.handle.result()).toBe('CONTAINED');

  const secrets = {
    'the canary of the alert': canary,
    'the new key': await newKeyOf(thisCase),
    "rita's own key": rita.key.secretAccessKey,
    "Cordon's key": cordon.stage.settings.credentials?.secretAccessKey ?? '',
    'the token of the bot': cordon.slack.botToken,
    'the signing secret of Slack': cordon.slack.signingSecret,
    "dana's token": process.env['CORDON_TEST_DANA'] ?? '',
    'the payload key': (await readFile(cordon.config.encryption.keyFile, 'utf8')).trim(),
    'the private key': (await readFile(cordon.config.approval.signingKeyFile, 'utf8')).split('\n')[1] ?? '',
  };
  expect(Object.values(secrets).filter((secret) => secret.length < 16)).toEqual([]);
  // Each place with something that must be in it, so that an empty one does not pass.
  const places: Record<string, readonly [Buffer, string]> = {
    history: [await rawHistory(), thisCase.workflowId],
    store: [await storeFiles(), thisCase.caseId],
    log: [Buffer.from(cordon.log()), alertId],
    Slack: [await slack(), thisCase.caseId],
    ledger: [Buffer.from(JSON.stringify(await cordon.ledger(thisCase.caseId))), 'rotate-access-key'],
    export: [await exported(thisCase), thisCase.caseId],
  };
  for (const [place, [bytes, control]] of Object.entries(places)) {
    expect(bytes.includes(control), `${place} was not really read`).toBe(true);
    for (const [name, secret] of Object.entries(secrets)) {
      const found = spellings(secret).filter((spelling) => bytes.includes(spelling));
      expect(found.length, `${name} is in ${place}`).toBe(0);
    }
  }
});

function findingAbout({ principal, key }: User): object {
  const accessKeyDetails = {
    accessKeyId: key.accessKeyId,
    principalId: principal.uniqueId,
    userName: principal.name,
    userType: 'IAMUser',
    secretAccessKey: canary,
  };
  const now = new Date().toISOString();
  const { detail } = finding;
  const service = { ...detail.service, eventFirstSeen: now, eventLastSeen: now, note: `leaked: ${canary}` };
  return {
    ...finding,
    [canary]: canary,
    detail: { ...detail, severity: 9, resource: { ...detail.resource, accessKeyDetails }, service, evidence: [canary] },
  };
}

/** As root reads it: Cordon itself may not. */
async function newKeyOf({ caseId }: CaseUnderTest): Promise<string> {
  const { secrets } = cordon.stage.admin;
  const { SecretString = '' } = await secrets.send(
    new GetSecretValueCommand({ SecretId: `cordon/access-keys/${caseId}` }),
  );
  return (JSON.parse(SecretString) as { secretAccessKey: string }).secretAccessKey;
}

/** All that Temporal holds of all workflows, as bytes, without our codec. */
async function rawHistory(): Promise<Buffer> {
  const { workflowService } = cordon.temporal;
  const parts: Uint8Array[] = [];
  const { executions } = await workflowService.listWorkflowExecutions({ namespace: NAMESPACE });
  for (const { execution } of executions) {
    if (!execution) continue;
    let nextPageToken: Uint8Array | undefined;
    do {
      const request = { namespace: NAMESPACE, execution, ...(nextPageToken ? { nextPageToken } : {}) };
      const page = await workflowService.getWorkflowExecutionHistory(request);
      if (page.history) parts.push(History.encode(page.history).finish());
      nextPageToken = page.nextPageToken.length > 0 ? page.nextPageToken : undefined;
    } while (nextPageToken);
    const described = await workflowService.describeWorkflowExecution({ namespace: NAMESPACE, execution });
    parts.push(DescribeWorkflowExecutionResponse.encode(described).finish());
  }
  expect(executions.length, 'an alert and its case').toBe(2);
  return Buffer.concat(parts);
}

/** The database with its journal, as it lies on the disk. */
async function storeFiles(): Promise<Buffer> {
  const names = (await readdir(cordon.directory)).filter((name) => name.startsWith('cordon.db'));
  return Buffer.concat(await Promise.all(names.map((name) => readFile(join(cordon.directory, name)))));
}

async function slack(): Promise<Buffer> {
  const person = cordon.person('dana');
  const messages = await person.messages();
  const threads = await Promise.all(messages.map(({ ts }) => person.thread(ts)));
  return Buffer.from(JSON.stringify([messages, threads, cordon.slack.front.responses]));
}

async function exported({ caseId }: CaseUnderTest): Promise<Buffer> {
  const response = await cordon.as('dana', `/v1/cases/${caseId}/export`);
  expect(response.status).toBe(200);
  return Buffer.from(await response.text());
}

/** The text itself, in hex, and in base64 at each of the three alignments, without the characters that neighbours change. */
function spellings(secret: string): readonly string[] {
  const base64 = ['', 'a', 'aa'].map((before) =>
    Buffer.from(before + secret)
      .toString('base64')
      .slice(4, -4),
  );
  return [secret, Buffer.from(secret).toString('hex'), ...base64];
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';

import { CordonFailure } from '../../../src/contracts/failures.ts';
import { createGcpClients } from '../../../src/providers/gcp/clients.ts';
import type { GcpSettings } from '../../../src/providers/gcp/settings.ts';
import { stage, useStage } from './stage.ts';

useStage();

/** What an ill server says, with secrets in it that nobody may repeat. */
const SECRET = 's3cr3t-assertion';

async function failureFrom(
  answer: { status: number; body?: object | string; headers?: Record<string, string> } | 'silence',
  more: Partial<GcpSettings> = {},
  path = /^\/v1/u,
): Promise<CordonFailure> {
  const server = createServer((request, response) => {
    if (!path.test(request.url ?? '')) {
      response.setHeader('content-type', 'application/json');
      return void response.end(JSON.stringify({ access_token: 'ya29.x', expires_in: 3599, token_type: 'Bearer' }));
    }
    if (answer === 'silence') return undefined;
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {});
    const headers = { 'content-type': 'application/json', ...answer.headers };
    return void response.writeHead(answer.status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const clients = createGcpClients({ ...stage.settings, endpoint, ...more });
    const name = `projects/shop-prod/serviceAccounts/${stage.deployer.name}`;
    await clients.iam.projects.serviceAccounts.get({ name });
  } catch (error) {
    if (error instanceof CordonFailure) return error;
    throw error;
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  throw new Error('It passed.');
}

const google = (status: string, more: object = {}) => ({
  error: { code: 0, status, message: `bad value ${SECRET}`, ...more },
});
const quota = { details: [{ reason: 'RATE_LIMIT_EXCEEDED' }] };

describe('a failure of Google', () => {
  it.each([
    ['PERMISSION_DENIED', 403, google('PERMISSION_DENIED'), 'AccessDenied', /iam\.serviceAccounts\.get\b/u],
    ['a quota as 403', 403, google('PERMISSION_DENIED', quota), 'Throttled', /throttled/u],
    [
      'an API that is off',
      403,
      google('PERMISSION_DENIED', { details: [{ reason: 'SERVICE_DISABLED' }] }),
      'AccessDenied',
      /not enabled/u,
    ],
    ['UNAUTHENTICATED', 401, google('UNAUTHENTICATED'), 'AccessDenied', /own credentials/u],
    ['NOT_FOUND', 404, google('NOT_FOUND'), 'NotFound', /GET iam\.googleapis\.com\/v1\/projects\/shop-prod/u],
    ['ABORTED', 409, google('ABORTED'), 'Conflict', /Read the state again/u],
    [
      '412 in the old form',
      412,
      { error: { code: 412, message: SECRET, errors: [{ reason: 'conditionNotMet' }] } },
      'Conflict',
      /./u,
    ],
    ['RESOURCE_EXHAUSTED', 429, google('RESOURCE_EXHAUSTED'), 'Throttled', /throttled/u],
    ['INTERNAL', 500, google('INTERNAL'), 'Unavailable', /HTTP 500/u],
    ['no JSON', 502, `<html>${SECRET}</html>`, 'Unavailable', /HTTP 502/u],
    ['FAILED_PRECONDITION', 400, google('FAILED_PRECONDITION'), 'ValidationFailed', /FAILED_PRECONDITION/u],
    ['UNIMPLEMENTED', 501, google('UNIMPLEMENTED'), 'ValidationFailed', /UNIMPLEMENTED/u],
    ['a gateway that gave up', 504, google('DEADLINE_EXCEEDED'), 'TimedOut', /in time/u],
  ] as const)('%s', async (_, status, body, type, words) => {
    const failure = await failureFrom({ status, body });
    expect(failure).toMatchObject({ type, message: expect.stringMatching(words) });
    expect(everything(failure)).not.toContain(SECRET);
  });

  it('names the permission that Google names', async () => {
    const details = [{ reason: 'IAM_PERMISSION_DENIED', metadata: { permission: 'iam.serviceAccounts.actAs' } }];
    const failure = await failureFrom({ status: 403, body: google('PERMISSION_DENIED', { details }) });
    expect(failure.message).toContain('iam.serviceAccounts.actAs');
  });

  it('passes on how long Google asks to wait', async () => {
    const failure = await failureFrom({
      status: 429,
      body: google('RESOURCE_EXHAUSTED'),
      headers: { 'retry-after': '7' },
    });
    expect(failure.retryAfterMs).toBe(7000);
  });

  it('is a time-out where nothing comes, once', async () => {
    expect(await failureFrom('silence', { callTimeoutMs: 100 })).toMatchObject({ type: 'TimedOut', final: false });
  });

  it('is Unavailable where nobody listens', async () => {
    expect(await failureFrom({ status: 200 }, { endpoint: 'http://127.0.0.1:1' })).toMatchObject({
      type: 'Unavailable',
    });
  });

  it('of the token exchange is about our own credentials, and repeats nothing of them', async () => {
    const body = { error: 'invalid_grant', error_description: `Invalid JWT Signature ${SECRET}` };
    const failure = await failureFrom({ status: 400, body }, {}, /^\/token/u);
    expect(failure).toMatchObject({ type: 'AccessDenied', message: expect.stringContaining('own credentials') });
    expect(everything(failure)).not.toContain(SECRET);
  });

  it('of a private key that is none repeats nothing of it', async () => {
    const credentials = {
      client_email: 'cordon@shop-prod.iam.gserviceaccount.com',
      private_key: `-----BEGIN ${SECRET}`,
    };
    const failure = await failureFrom({ status: 200 }, { credentials });
    expect(everything(failure)).not.toContain(SECRET);
  });
});

function everything(failure: CordonFailure): string {
  return [failure.message, String(failure.cause), failure.stack].join(' ');
}

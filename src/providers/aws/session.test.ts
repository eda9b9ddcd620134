import { GetUserCommand } from '@aws-sdk/client-iam';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AWS_ACTIONS } from './actions/index.ts';
import type { AwsActionDefinition } from './actions/definition.ts';
import { isOfIdentityCenter } from './identity-center/permissions.ts';
import { EVIDENCE_PERMISSIONS, resourceIn } from './permissions.ts';
import { policyFor } from './policy.ts';
import { createAwsClients } from './clients.ts';
import { assumptionFailure, memberClients } from './session.ts';

const ACCOUNT = '123456789012';
/** As long as IAM lets it be. */
const ROLE = `arn:aws:iam::${ACCOUNT}:role/${'p'.repeat(510)}/${'n'.repeat(64)}`;
const MEMBER = { accountId: ACCOUNT, roleArn: ROLE, externalId: 'canary-external-id' };
const definitions: readonly AwsActionDefinition[] = Object.values(AWS_ACTIONS);
const purposes = [
  ['evidence', EVIDENCE_PERMISSIONS] as const,
  // Identity Center is not called by these sessions.
  ...definitions.map(({ facts }) => [facts.id, facts.permissions.filter((one) => !isOfIdentityCenter(one))] as const),
];

describe.each(purposes)('the session for %s', (purpose, permissions) => {
  const policy = policyFor(permissions, ACCOUNT, ROLE);

  it('fits into what AssumeRole takes', () => {
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(2048);
    expect(`cordon-${purpose}`).toMatch(/^[\w+=,.@-]{2,64}$/u);
  });

  it('may do what is declared, on what is declared, and nothing else', () => {
    const allowed = policy.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action, Resource }) =>
      Action.flatMap((name) => Resource.map((resource) => `${name} on ${resource}`)),
    );
    const declared = permissions.map((permission) => `${permission.name} on ${resourceIn(permission, ACCOUNT)}`);
    expect(new Set(allowed)).toEqual(new Set(declared));
  });

  it('may change everything but the role it is a session of', () => {
    const writes = permissions.map(({ name }) => name).filter((name) => /^iam:(?!Get|List|Simulate)/u.test(name));
    const denied = policy.Statement.filter(({ Effect }) => Effect === 'Deny');
    expect(denied.flatMap(({ Action }) => Action)).toEqual([...new Set(writes)].toSorted());
    for (const { Resource } of denied) expect(Resource).toEqual([ROLE]);
  });
});

describe('the clients of a session', () => {
  const asked: URLSearchParams[] = [];
  let lastsSeconds = 900;
  let url = '';
  const server = createServer((request, response) => {
    void text(request).then((body) => response.end(answer(new URLSearchParams(body))));
  });
  const answer = (form: URLSearchParams): string => {
    if (form.get('Action') !== 'AssumeRole') {
      const user = '<User><UserName>alice</UserName></User>';
      return `<GetUserResponse><GetUserResult>${user}</GetUserResult></GetUserResponse>`;
    }
    asked.push(form);
    const expires = new Date(Date.now() + lastsSeconds * 1000).toISOString();
    const given = `<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>`;
    const credentials = `<Credentials>${given}<Expiration>${expires}</Expiration></Credentials>`;
    return `<AssumeRoleResponse><AssumeRoleResult>${credentials}</AssumeRoleResult></AssumeRoleResponse>`;
  };
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => void (asked.length = 0));

  const open = () => {
    const credentials = { accessKeyId: 'hub', secretAccessKey: 'test' };
    const settings = { region: 'us-east-1', logRegions: ['us-east-1'], endpoint: url, credentials };
    return memberClients('evidence', EVIDENCE_PERMISSIONS, MEMBER, createAwsClients(settings), settings);
  };
  const read = (clients: ReturnType<typeof open>) =>
    Promise.all([clients.iam, clients.creating.iam].map((iam) => iam.send(new GetUserCommand({ UserName: 'alice' }))));

  it('ask for the role once, when it is first needed, with all that narrows it', async () => {
    lastsSeconds = 900;
    const clients = open();
    expect(asked).toEqual([]);
    await read(clients);
    await read(clients);
    const policy = JSON.stringify(policyFor(EVIDENCE_PERMISSIONS, ACCOUNT, ROLE));
    expect(asked.map((form) => Object.fromEntries(form))).toEqual([
      {
        Action: 'AssumeRole',
        Version: '2011-06-15',
        RoleArn: ROLE,
        RoleSessionName: 'cordon-evidence',
        ExternalId: MEMBER.externalId,
        DurationSeconds: '900',
        Policy: policy,
      },
    ]);
  });

  it('ask again before it ends', async () => {
    // The SDK renews what ends within five minutes.
    lastsSeconds = 60;
    const clients = open();
    await read(clients);
    const first = asked.length;
    await read(clients);
    expect(asked.length).toBeGreaterThan(first);
  });
});

describe('an AssumeRole that fails', () => {
  const thrown = (name: string, more: object = {}) =>
    Object.assign(new Error(`canary-external-id, said by AWS in ${name}`), { name, ...more });

  it.each([
    ['AccessDenied', 'AccessDenied', true, 'trust policy names'],
    ['AccessDeniedException', 'AccessDenied', true, 'sts:AssumeRole'],
    ['ExpiredToken', 'AccessDenied', true, 'Renew them'],
    ['PackedPolicyTooLarge', 'ValidationFailed', true, 'refused the request'],
    ['RegionDisabledException', 'ValidationFailed', true, 'refused the request'],
    ['Throttling', 'Throttled', false, 'throttled'],
    ['TimeoutError', 'TimedOut', false, 'in time'],
    ['ServiceUnavailable', 'Unavailable', false, 'may be unavailable'],
    ['CredentialsProviderError', 'Unavailable', false, 'may be unavailable'],
  ])('with %s is %s, final: %s', (name, type, final, words) => {
    const failure = assumptionFailure(thrown(name), MEMBER);
    expect(failure).toMatchObject({ type, final });
    for (const part of [ACCOUNT, ROLE, words]) expect(failure.message).toContain(part);
    expect(`${failure.stack} ${String(failure.cause)} ${JSON.stringify(failure)}`).not.toContain('canary-external-id');
  });

  it('waits as long as AWS asks', () => {
    const $response = { headers: { 'retry-after': '7' } };
    expect(assumptionFailure(thrown('Throttling', { $response }), MEMBER)).toMatchObject({ retryAfterMs: 7000 });
  });
});

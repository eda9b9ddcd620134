import { describe, expect, it } from 'vitest';

import type { AwsPrincipal } from '../../../domain/principal.ts';
import type { LogEvent } from './event.ts';
import { readEvent } from './event.ts';
import type { Lookup } from './lookup.ts';
import { trace } from './trace.ts';

const ROLE = 'arn:aws:iam::123456789012:role/ops';
const OPS: AwsPrincipal = { cloud: 'aws', kind: 'role-session', accountId: '123456789012', name: 'ops', arn: ROLE };
const WINDOW = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' };

let made = 0;
function event(eventName: string, more: object): LogEvent {
  const when = { eventID: `e-${made++}`, eventTime: '2026-01-01T12:00:00Z' };
  const read = readEvent(JSON.stringify({ ...when, eventSource: 'sts.amazonaws.com', eventName, ...more }));
  if (!read) throw new Error('not read');
  return read;
}
const give = (roleSessionName: string, accessKeyId: string, at: string, roleArn = ROLE, by: object = {}) =>
  event('AssumeRole', {
    eventTime: at,
    userIdentity: by,
    requestParameters: { roleArn, roleSessionName },
    responseElements: { credentials: { accessKeyId } },
  });
const held = (name: string, accessKeyId: string) => ({
  type: 'AssumedRole',
  arn: `arn:aws:sts::123456789012:assumed-role/ops/${name}`,
  accessKeyId,
  sessionContext: { sessionIssuer: { arn: ROLE } },
});

/** CloudTrail, as far as one attribute finds what is in it. */
function logOf(...events: readonly LogEvent[]): Lookup {
  return async ({ key, value }) => ({
    events: events
      .filter((one) => {
        if (key === 'AccessKeyId') return one.accessKeyId === value;
        return key === 'Username' ? one.identityArn.endsWith(`/${value}`) : one.parameters['roleArn'] === value;
      })
      .toSorted((a, b) => (a.at < b.at ? 1 : -1)),
    completeFrom: null,
  });
}

describe('a role that many use', () => {
  const many = Array.from({ length: 40 }, (_, i) => give(`run-${i}`, `ASIARUN${i}`, '2026-01-01T13:00:00Z'));
  const stolen = give('stolen', 'ASIASTOLEN', '2026-01-01T09:00:00Z');
  const inner = give(
    'x',
    'ASIAINNER',
    '2026-01-01T09:01:00Z',
    'arn:aws:iam::123456789012:role/inner',
    held('stolen', 'ASIASTOLEN'),
  );
  const deep = event('GetObject', { userIdentity: { type: 'AssumedRole', accessKeyId: 'ASIAINNER' } });
  const log = logOf(...many, stolen, inner, deep);

  it('never hides the session that the alert named, nor its chain, behind the sessions of others', async () => {
    const found = await trace(log, { ...OPS, session: 'stolen' }, [], WINDOW);
    expect(found.own.map(({ id }) => id)).toEqual([inner.id]);
    expect(found.bySessions.map(({ id }) => id)).toEqual([deep.id]);
    expect(found.completeFrom).toBe(WINDOW.to);
  });

  it('tells all who were given one, followed or not', async () => {
    expect((await trace(log, OPS, [], WINDOW)).given).toHaveLength(41);
  });
});

it('finds the calls of the named session also where the log has not who was given it', async () => {
  const call = event('DescribeInstances', { userIdentity: held('stolen', 'ASIASTOLEN') });
  const namesake = event('DescribeInstances', {
    userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/stolen', accessKeyId: 'AKIAOTHER' },
  });
  const log = logOf(call, namesake);
  expect((await trace(log, { ...OPS, session: 'stolen' }, [], WINDOW)).own).toEqual([call]);
  expect((await trace(log, OPS, [], WINDOW)).own).toEqual([]);
});

import { describe, expect, it } from 'vitest';

import type { SessionHolder } from '../../../domain/evidence.ts';
import type { AwsPrincipal } from '../../../domain/principal.ts';
import type { LogEvent } from '../log/event.ts';
import { readEvent } from '../log/event.ts';
import { holders, keysOfOthers } from './holders.ts';

const arn = (resource: string) => `arn:aws:iam::123456789012:${resource}`;
const OPS: AwsPrincipal = {
  cloud: 'aws',
  kind: 'role-session',
  accountId: '123456789012',
  name: 'ops',
  arn: arn('role/ops'),
};
const STOLEN: AwsPrincipal = { ...OPS, session: 'stolen' };

let made = 0;
function event(eventName: string, userIdentity: object, more: object = {}): LogEvent {
  const at = { eventTime: '2026-01-01T12:00:00Z', eventSource: 'iam.amazonaws.com', eventID: `e-${made++}` };
  const read = readEvent(JSON.stringify({ ...at, eventName, userIdentity, ...more }));
  if (!read) throw new Error('not read');
  return read;
}
const user = (name: string, accessKeyId = `AKIA${name}`) => ({
  type: 'IAMUser',
  arn: arn(`user/${name}`),
  accessKeyId,
});
const session = (role: string, name: string, accessKeyId: string) => ({
  type: 'AssumedRole',
  arn: `arn:aws:sts::123456789012:assumed-role/${role}/${name}`,
  accessKeyId,
  sessionContext: { sessionIssuer: { arn: arn(`role/${role}`) } },
});
const give = (to: object, roleSessionName: string, accessKeyId: string, role = 'ops', more: object = {}) =>
  event('AssumeRole', to, {
    eventSource: 'sts.amazonaws.com',
    requestParameters: { roleArn: arn(`role/${role}`), roleSessionName },
    responseElements: { credentials: { accessKeyId } },
    ...more,
  });
const call = (by: object) => event('CreateUser', by, { requestParameters: { userName: 'new' } });
const thief = session('ops', 'stolen', 'ASIASTOLEN');
const ci = session('ops', 'run-7', 'ASIACI');
const toThief = give(user('mallory'), 'stolen', 'ASIASTOLEN');
const toCi = give(user('ci'), 'run-7', 'ASIACI');

/** Whose the last of the events is. */
function holderOf(principal: AwsPrincipal, given: LogEvent[], ...events: LogEvent[]): SessionHolder | null {
  const last = events.at(-1);
  if (!last) throw new Error('no event');
  return holders(principal, { given, events })(last);
}
const OTHER = { is: 'other', name: arn('user/ci') };

describe('whose a call with a role is', () => {
  it("is another's where it came by a session given to a caller who is not the suspect", () => {
    expect(holderOf(STOLEN, [toThief, toCi], call(ci))).toEqual(OTHER);
    const inner = give(ci, 'deep', 'ASIAINNER', 'inner');
    expect(holderOf(STOLEN, [toThief, toCi], inner, call(session('inner', 'deep', 'ASIAINNER')))).toEqual(OTHER);
  });

  it.each<[string, AwsPrincipal, LogEvent[], LogEvent[]]>([
    ['the session that the alert named', STOLEN, [toThief, toCi], [call(thief)]],
    [
      'another session of the same user',
      STOLEN,
      [toThief, give(user('mallory'), 'b', 'ASIAB')],
      [call(session('ops', 'b', 'ASIAB'))],
    ],
    ['the one session there is, where the alert named none', OPS, [toThief], [call(thief)]],
    ['the named session, though the log does not have who was given it', STOLEN, [toCi], [call(thief)]],
    [
      'a role down its chain',
      STOLEN,
      [toThief, toCi],
      [give(thief, 'x', 'ASIAINNER', 'inner'), call(session('inner', 'x', 'ASIAINNER'))],
    ],
    [
      'a session that it gave itself under another name',
      STOLEN,
      [toThief, toCi, give(thief, 'again', 'ASIAAGAIN')],
      [call(session('ops', 'again', 'ASIAAGAIN'))],
    ],
    [
      'a session got with a key that it made for another caller',
      STOLEN,
      [toThief, give(user('ci', 'AKIANEW'), 'run-8', 'ASIARUN8')],
      [
        event('CreateAccessKey', thief, { responseElements: { accessKey: { accessKeyId: 'AKIANEW' } } }),
        call(session('ops', 'run-8', 'ASIARUN8')),
      ],
    ],
  ])('is the suspect’s for %s', (_, principal, given, events) => {
    expect(holderOf(principal, given, ...events)).toBeNull();
  });

  const web = { type: 'AWSService', invokedBy: 'ec2.amazonaws.com' };
  it.each<[string, AwsPrincipal, LogEvent[], LogEvent[]]>([
    ['the alert named no session', OPS, [toThief, toCi], [call(ci)]],
    ['the log has not who was given it', STOLEN, [toThief], [call(ci)]],
    [
      'a service gives out sessions to many machines',
      STOLEN,
      [give(web, 'stolen', 'ASIASTOLEN'), give(web, 'run-7', 'ASIACI')],
      [call(ci)],
    ],
    [
      'the suspect gave the other caller a password',
      STOLEN,
      [toThief, toCi],
      [event('CreateLoginProfile', thief, { requestParameters: { userName: 'ci' } }), call(ci)],
    ],
    [
      'the suspect changed whom a role trusts',
      STOLEN,
      [toThief, toCi],
      [event('UpdateAssumeRolePolicy', thief, { requestParameters: { roleName: 'ops' } }), call(ci)],
    ],
  ])('is unclear where %s', (_, principal, given, events) => {
    expect(holderOf(principal, given, ...events)).toEqual({ is: 'unclear', name: 'run-7' });
  });

  it('is unclear where two callers called their sessions the same', () => {
    const given = [toThief, give(user('ci'), 'stolen', 'ASIACI')];
    expect(holderOf(STOLEN, given, call(ci))).toEqual({ is: 'unclear', name: 'stolen' });
    expect(holderOf(STOLEN, given, call(thief))).toEqual({ is: 'unclear', name: 'stolen' });
  });

  it('goes back to the session that another one was got with, where the alert named the later', () => {
    const again = { ...OPS, session: 'again' };
    const given = [toThief, toCi, give(thief, 'again', 'ASIAAGAIN')];
    expect(holderOf(again, given, call(thief))).toBeNull();
    expect(holderOf(again, given, call(ci))).toEqual(OTHER);
  });

  it('takes one whom the suspect let in for no other, and so on', () => {
    const lets = (by: object, userName: string) => event('CreateLoginProfile', by, { requestParameters: { userName } });
    const toDeploy = give(user('deploy'), 'd', 'ASIAD');
    const events = [lets(ci, 'deploy'), lets(thief, 'CI'), call(session('ops', 'd', 'ASIAD'))];
    expect(holderOf(STOLEN, [toThief, toCi, toDeploy], ...events)).toEqual({ is: 'unclear', name: 'd' });
    expect(holderOf(STOLEN, [toThief, toCi, toDeploy], ...events.toSpliced(1, 1))).toMatchObject({ is: 'other' });
  });

  it('is not asked of users', () => {
    expect(holderOf({ ...OPS, kind: 'iam-user' }, [toThief, toCi], call(ci))).toBeNull();
  });
});

describe('keys of others', () => {
  const since = '2026-01-01T12:30:00.500Z';
  const after = { eventTime: '2026-01-01T12:30:00Z' };
  const keys = (given: LogEvent[], ...events: LogEvent[]) => [...keysOfOthers(STOLEN, { given, events }, since)];

  it('are those given out since, and what came of them', () => {
    const again = give(user('ci'), 'stolen', 'ASIACI2', 'ops', after);
    const chain = give(session('ops', 'stolen', 'ASIACI2'), 'x', 'ASIAX', 'inner', after);
    expect(keys([toThief, toCi, again], chain)).toEqual(['ASIACI2', 'ASIAX']);
  });

  it.each<[string, LogEvent[]]>([
    ['from before, which are revoked as well', [toThief, toCi]],
    ['of the suspect', [toThief, give(user('mallory'), 'new', 'ASIANEW', 'ops', after)]],
    ['where nobody knows the suspect', [toCi, give(user('carol'), 'c', 'ASIAC', 'ops', after)]],
  ])('are none %s', (_, given) => {
    expect(keys(given)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';

import type { AwsPrincipal } from '../../domain/principal.ts';
import { findSuccessfulCalls } from './activity.ts';
import type { AwsSettings } from './clients.ts';
import { createAwsClients } from './clients.ts';
import { readEvent } from './log/event.ts';
import type { Lookup } from './log/lookup.ts';

const ROLE = 'arn:aws:iam::123456789012:role/ops';
const OPS: AwsPrincipal = { cloud: 'aws', kind: 'role-session', accountId: '123456789012', name: 'ops', arn: ROLE };
const SINCE = '2026-01-01T12:00:00.000Z';
const settings: AwsSettings = {
  region: 'eu-central-1',
  logRegions: ['eu-central-1'],
  credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'none' },
  now: () => new Date('2026-01-01T12:20:00.000Z'),
};

/** What a log proves that has this one call in it, a minute later. */
function proofOf(more: object = {}, completeFrom: string | null = null, how: AwsSettings = settings) {
  const event = readEvent(
    JSON.stringify({
      eventID: 'e',
      eventTime: '2026-01-01T12:01:00Z',
      eventSource: 'ec2.amazonaws.com',
      eventName: 'RunInstances',
      sourceIPAddress: '198.51.100.7',
      userIdentity: { type: 'AssumedRole', sessionContext: { sessionIssuer: { arn: ROLE } } },
      ...more,
    }),
  );
  if (!event) throw new Error('not read');
  const lookup: Lookup = async () => ({ events: [event], completeFrom });
  return findSuccessfulCalls(createAwsClients(how), how, lookup, OPS, SINCE);
}

describe('what the log proves', () => {
  it.each<[string, object, object]>([
    ['counts a call that succeeded', {}, { calls: [expect.stringContaining('ec2:RunInstances')], unclear: [] }],
    [
      'counts a dry run that would have succeeded',
      { errorCode: 'Client.DryRunOperation' },
      { calls: [expect.stringContaining('DryRunOperation')], unclear: [] },
    ],
    [
      'does not hide one that failed for want of something else than permission',
      { errorCode: 'Client.InstanceLimitExceeded' },
      { calls: [], unclear: [expect.stringContaining('(Client.InstanceLimitExceeded)')] },
    ],
    ['leaves out one that was refused', { errorCode: 'Client.UnauthorizedOperation' }, { calls: [], unclear: [] }],
    ['leaves out one from before', { eventTime: '2026-01-01T11:59:59Z' }, { calls: [], unclear: [] }],
    [
      'leaves out what no policy can refuse',
      { eventSource: 'sts.amazonaws.com', eventName: 'GetCallerIdentity' },
      { calls: [], unclear: [] },
    ],
  ])('%s', async (_, more, expected) => {
    expect(await proofOf(more)).toMatchObject({ ...expected, logComplete: true });
  });

  it('names the regions, and no others', async () => {
    expect(await proofOf()).toMatchObject({ scope: 'CloudTrail of eu-central-1, us-east-1' });
  });

  it('is nothing yet while the log may be late, by the clock of the settings', async () => {
    const early = { ...settings, now: () => new Date('2026-01-01T12:14:59.000Z') };
    const proof = await proofOf({}, null, early);
    expect(proof.logComplete).toBe(false);
    expect(proof).not.toHaveProperty('gap');
  });

  it('never will be anything where the log is longer than Cordon reads, and says so', async () => {
    expect(await proofOf({}, '2026-01-01T11:00:00.000Z')).toMatchObject({
      logComplete: false,
      gap: expect.stringContaining('by hand'),
    });
  });
});

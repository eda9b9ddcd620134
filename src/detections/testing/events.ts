import { readFileSync } from 'node:fs';

import type { CloudTrailEvent } from '../event.ts';
import type { Detection } from '../sigma.ts';
import { compileDetection } from '../sigma.ts';

/** Test data: the detection as it ships, and single events. */
const FILE = new URL('../../../detections/t1580-aws-cloud-infrastructure-discovery.yml', import.meta.url);

export const RULE_TEXT = readFileSync(FILE, 'utf8');
export const T1580: Detection = compileDetection(RULE_TEXT, 't1580.yml');
export const ALICE = { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/alice', accountId: '123456789012' };

export function event(change: Partial<CloudTrailEvent> = {}): CloudTrailEvent {
  return {
    eventTime: '2026-11-18T11:01:00Z',
    eventName: 'DescribeInstances',
    eventSource: 'ec2.amazonaws.com',
    awsRegion: 'us-east-1',
    sourceIPAddress: '198.51.100.9',
    userIdentity: ALICE,
    ...change,
  };
}

export function many(count: number, change: Partial<CloudTrailEvent> = {}): CloudTrailEvent[] {
  return Array.from({ length: count }, () => event(change));
}

export function named(names: readonly string[], change: Partial<CloudTrailEvent> = {}): CloudTrailEvent[] {
  return names.map((eventName) => event({ ...change, eventName }));
}

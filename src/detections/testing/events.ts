import { readFileSync } from 'node:fs';

import type { CloudTrailEvent } from '../cloudtrail-events.ts';
import { CLOUDS } from '../../domain/cloud.ts';
import type { Cloud } from '../../domain/cloud.ts';
import type { LogEvent } from '../event.ts';
import type { Detection } from '../sigma.ts';
import { compileDetection } from '../sigma.ts';

/** Test data: the detections as they ship, and single events. */
export function ruleText(cloud: Cloud): string {
  const file = `../../../detections/t1580-${cloud}-cloud-infrastructure-discovery.yml`;
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}

export const DETECTIONS = Object.fromEntries(
  CLOUDS.map((cloud) => [cloud, compileDetection(ruleText(cloud), `t1580-${cloud}.yml`)]),
) as Readonly<Record<Cloud, Detection>>;
export const RULE_TEXT = ruleText('aws');
export const T1580: Detection = DETECTIONS.aws;
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

/** As the reader of the activity log gives it. */
export function activity(change: Readonly<Record<string, unknown>> = {}): LogEvent {
  return {
    eventDataId: 'd1',
    eventTimestamp: '2026-11-18T11:01:00.1234567Z',
    operationName: { value: 'microsoft.compute/virtualmachines/read' },
    status: { value: 'Succeeded' },
    caller: '5d3c2f6e-0000-4000-8000-0000000000aa',
    subscriptionId: '9f1b7c3e-0000-4000-8000-0000000000bb',
    resourceGroupName: 'shop',
    httpRequest: { clientIpAddress: '198.51.100.9', method: 'GET' },
    ...change,
  };
}

/** As Cloud Logging gives it. */
export function auditEntry(methodName: string, payload: Readonly<Record<string, unknown>> = {}): LogEvent {
  return {
    insertId: 'i1',
    logName: 'projects/shop-prod/logs/cloudaudit.googleapis.com%2Fdata_access',
    timestamp: '2026-11-18T11:01:00.123456789Z',
    resource: { type: 'audited_resource', labels: { project_id: 'shop-prod', zone: 'europe-west1-b' } },
    protoPayload: {
      methodName,
      authenticationInfo: { principalEmail: 'ci@shop-prod.iam.gserviceaccount.com' },
      requestMetadata: { callerIp: '198.51.100.9' },
      ...payload,
    },
  };
}

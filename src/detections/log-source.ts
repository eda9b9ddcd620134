import type { Cloud } from '../domain/cloud.ts';

/** A log that rules can be written for: what Sigma calls it, and in which fields the parts of a finding stand. */
export interface LogSource {
  readonly cloud: Cloud;
  /** As the upstream detection spells it in `CloudProvider`. */
  readonly provider: 'AWS' | 'Azure' | 'GCP';
  readonly product: string;
  readonly service: string;
  /** A finding has a column for each of these, so a correlation groups by exactly them. */
  readonly identity: string;
  readonly account: string;
  readonly api: string;
  /** ISO 8601. */
  readonly time: string;
  readonly id: string;
  readonly address: string;
  /** The first that an event has. In Azure the resource group, as upstream counts it. */
  readonly regions: readonly string[];
}

/** One log a cloud. */
export const LOG_SOURCES = {
  aws: {
    cloud: 'aws',
    provider: 'AWS',
    product: 'aws',
    service: 'cloudtrail',
    identity: 'userIdentity.arn',
    account: 'userIdentity.accountId',
    api: 'eventName',
    time: 'eventTime',
    id: 'eventID',
    address: 'sourceIPAddress',
    regions: ['awsRegion'],
  },
  azure: {
    cloud: 'azure',
    provider: 'Azure',
    product: 'azure',
    service: 'activitylogs',
    identity: 'caller',
    account: 'subscriptionId',
    api: 'operationName.value',
    time: 'eventTimestamp',
    id: 'eventDataId',
    address: 'httpRequest.clientIpAddress',
    regions: ['resourceGroupName'],
  },
  gcp: {
    cloud: 'gcp',
    provider: 'GCP',
    product: 'gcp',
    service: 'gcp.audit',
    identity: 'protoPayload.authenticationInfo.principalEmail',
    account: 'resource.labels.project_id',
    api: 'protoPayload.methodName',
    time: 'timestamp',
    id: 'insertId',
    address: 'protoPayload.requestMetadata.callerIp',
    regions: ['resource.labels.location', 'resource.labels.zone', 'resource.labels.region'],
  },
} as const satisfies { readonly [C in Cloud]: LogSource & { readonly cloud: C } };

export function logSourceOf(product: string, service: string): LogSource | undefined {
  return Object.values(LOG_SOURCES).find((one) => one.product === product && one.service === service);
}

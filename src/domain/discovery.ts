import type { Cloud } from './cloud.ts';

/**
 * MITRE ATT&CK T1580, cloud infrastructure discovery: the calls that the burst detection counts, by the names the audit log
 * writes. AWS: CloudTrail's `eventName`; where the log spells an API otherwise than its reference, both stand here.
 */
export const DISCOVERY_APIS = {
  aws: [
    'DescribeAutoScalingGroups',
    'DescribeClusters',
    'DescribeDBClusters',
    'DescribeDBInstances',
    'DescribeDBSnapshots',
    'DescribeImages',
    'DescribeInstances',
    'DescribeInternetGateways',
    'DescribeKeyPairs',
    'DescribeLoadBalancers',
    'DescribeNetworkInterfaces',
    'DescribeRouteTables',
    'DescribeSecurityGroups',
    'DescribeSnapshots',
    'DescribeSubnets',
    'DescribeVolumes',
    'DescribeVpcs',
    'GetBucketAcl',
    'GetBucketPolicy',
    'GetBucketPublicAccessBlock',
    'GetCallerIdentity',
    'GetPublicAccessBlock',
    'HeadBucket',
    'ListBuckets',
    'ListFunctions',
    'ListFunctions20150331',
    'ListPolicies',
    'ListRoles',
    'ListTables',
    'ListUsers',
  ],
} as const satisfies Readonly<Record<Cloud, readonly string[]>>;

export function isDiscoveryApi(cloud: Cloud, eventName: string): boolean {
  return (DISCOVERY_APIS[cloud] as readonly string[]).includes(eventName);
}

/** Risk of one burst, as the detection scores it: `count` calls to `distinct` APIs by one identity. 30, 50, 70 or 90. */
export function burstRisk(count: number, distinct: number): 30 | 50 | 70 | 90 {
  if (distinct >= 10 && count >= 50) return 90;
  if (distinct >= 7 && count >= 20) return 70;
  if (distinct >= 5 || count >= 10) return 50;
  return 30;
}

import type { Cloud } from './cloud.ts';

/**
 * MITRE ATT&CK T1580, cloud infrastructure discovery: the calls that the burst detection counts, by the names the audit log
 * writes. AWS: CloudTrail's `eventName`; where the log spells an API otherwise than its reference, both stand here. Azure:
 * `operationName` of the activity log, lower case. Google Cloud: `protoPayload.methodName` of the audit logs.
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
  azure: [
    'microsoft.compute/virtualmachines/read',
    'microsoft.containerservice/managedclusters/read',
    'microsoft.keyvault/vaults/read',
    'microsoft.network/virtualnetworks/read',
    'microsoft.resources/subscriptions/resourcegroups/read',
    'microsoft.resources/subscriptions/resources/read',
    'microsoft.sql/servers/read',
    'microsoft.storage/storageaccounts/read',
  ],
  gcp: [
    'cloudsql.instances.list',
    'google.cloud.functions.v1.CloudFunctionsService.ListFunctions',
    'google.cloud.functions.v2.FunctionService.ListFunctions',
    'google.container.v1.ClusterManager.ListClusters',
    'google.iam.admin.v1.GetIAMPolicy',
    'google.iam.admin.v1.ListRoles',
    'google.iam.admin.v1.ListServiceAccountKeys',
    'google.iam.admin.v1.ListServiceAccounts',
    'GetIamPolicy',
    'storage.buckets.list',
    'storage.getIamPermissions',
    'v1.compute.disks.aggregatedList',
    'v1.compute.disks.list',
    'v1.compute.firewalls.list',
    'v1.compute.images.list',
    'v1.compute.instances.aggregatedList',
    'v1.compute.instances.list',
    'v1.compute.networks.list',
    'v1.compute.snapshots.list',
    'v1.compute.subnetworks.list',
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

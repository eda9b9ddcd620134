/**
 * What the user is denied, by service. The first list follows what AWS itself denies with AWSCompromisedKeyQuarantineV3
 * (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCompromisedKeyQuarantineV3.html): what costs money, spreads,
 * or keeps a way in. Existing workloads go on, which is why sts:AssumeRole and ec2:Describe* are not in it.
 */
const AS_AWS_DENIES: Readonly<Record<string, readonly string[]>> = {
  amplify: ['CreateBackendEnvironment', 'CreateDeployment'],
  bedrock: [
    'CreateFoundationModelAgreement',
    'CreateModelInvocationJob',
    'InvokeModel',
    'InvokeModelWithResponseStream',
    'PutFoundationModelEntitlement',
  ],
  cloudtrail: ['LookupEvents'],
  codebuild: ['CreateProject'],
  ec2: [
    'AcceptReservedInstancesExchangeQuote',
    'CreateReservedInstancesListing',
    'PurchaseReservedInstancesOffering',
    'RequestSpotInstances',
    'RunInstances',
    'StartInstances',
  ],
  ecr: ['GetAuthorizationToken'],
  ecs: ['CreateCluster', 'CreateService', 'RegisterTaskDefinition'],
  glue: ['CreateJob'],
  iam: [
    'AddUserToGroup',
    'AttachGroupPolicy',
    'AttachRolePolicy',
    'AttachUserPolicy',
    'ChangePassword',
    'CreateAccessKey',
    'CreateInstanceProfile',
    'CreateLoginProfile',
    'CreatePolicyVersion',
    'CreateRole',
    'CreateUser',
    'DeleteAccessKey',
    'DeleteRole',
    'DetachUserPolicy',
    'ListUsers',
    'PassRole',
    'PutGroupPolicy',
    'PutRolePolicy',
    'PutUserPermissionsBoundary',
    'PutUserPolicy',
    'SetDefaultPolicyVersion',
    'UpdateAccessKey',
    'UpdateAccountPasswordPolicy',
    'UpdateAssumeRolePolicy',
    'UpdateLoginProfile',
    'UpdateUser',
  ],
  lambda: [
    'AddLayerVersionPermission',
    'AddPermission',
    'CreateFunction',
    'GetEventSourceMapping',
    'GetPolicy',
    'ListTags',
    'PutProvisionedConcurrencyConfig',
    'TagResource',
    'UntagResource',
    'UpdateFunctionCode',
  ],
  lightsail: ['Create*', 'Delete*', 'DownloadDefaultKeyPair', 'GetInstanceAccessDetails', 'Start*', 'Update*'],
  mediapackagev2: ['CreateChannel'],
  organizations: ['CreateAccount', 'CreateOrganization', 'InviteAccountToOrganization'],
  s3: [
    'CreateBucket',
    'DeleteBucket',
    'DeleteBucketPolicy',
    'DeleteObject',
    'DeleteObjectVersion',
    'GetObject',
    'ListAllMyBuckets',
    'ListBucket',
    'ObjectOwnerOverrideToBucketOwner',
    'PutAccountPublicAccessBlock',
    'PutBucketAcl',
    'PutBucketCors',
    'PutBucketOwnershipControls',
    'PutBucketPolicy',
    'PutLifecycleConfiguration',
  ],
  sagemaker: ['CreateEndpointConfig', 'CreateProcessingJob'],
  savingsplans: ['CreateSavingsPlan'],
  ses: ['GetSendQuota', 'ListIdentities'],
  sns: ['GetSMSAttributes'],
  sts: ['GetFederationToken', 'GetSessionToken'],
};

/** Ours: without these the user could take the quarantine, or what else Cordon deactivated, back by itself. */
const SO_THAT_IT_LASTS: Readonly<Record<string, readonly string[]>> = {
  iam: [
    'CreateServiceSpecificCredential',
    'DeletePolicy',
    'DeleteUserPermissionsBoundary',
    'DeleteUserPolicy',
    'ResetServiceSpecificCredential',
    'UpdateServiceSpecificCredential',
    'UpdateSigningCertificate',
    'UpdateSSHPublicKey',
    'UploadSigningCertificate',
    'UploadSSHPublicKey',
  ],
};

const spelled = (lists: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(lists).flatMap(([service, names]) => names.map((name) => `${service}:${name}`));

export const QUARANTINE = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'CordonQuarantines',
      Effect: 'Deny',
      Action: [...spelled(AS_AWS_DENIES), ...spelled(SO_THAT_IT_LASTS)].toSorted(),
      Resource: '*',
    },
  ],
});

/** Under a path of its own, so that Cordon may be permitted to make and delete policies there and nowhere else. */
export const QUARANTINE_PATH = '/cordon/';

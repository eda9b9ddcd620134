import type { ActivityFacts, ChangedIdentity, IdentityChange } from '../../../src/domain/evidence.ts';
import type {
  AwsPrincipal,
  AwsPrincipalKind,
  AzurePrincipal,
  AzurePrincipalKind,
  GcpPrincipal,
  GcpPrincipalKind,
  Principal,
} from '../../../src/domain/principal.ts';
import { SUBSCRIPTION, TENANT } from './azure.ts';

const ACCOUNT = '123456789012';
const IAM = `arn:aws:iam::${ACCOUNT}`;

function aws(kind: AwsPrincipalKind, arn: string): AwsPrincipal {
  return { cloud: 'aws', kind, accountId: ACCOUNT, name: arn.slice(arn.lastIndexOf('/') + 1), arn };
}

/** One of each kind; the compiler asks for a new one. */
export const AWS_PRINCIPALS: { readonly [Kind in AwsPrincipalKind]: AwsPrincipal } = {
  'iam-user': aws('iam-user', `${IAM}:user/alice`),
  'role-session': aws('role-session', `${IAM}:role/deploy`),
  'identity-center-user': {
    ...aws(
      'identity-center-user',
      `arn:aws:sts::${ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/jane@corp.example`,
    ),
    uniqueId: '9067000000-00000000-0000-4000-8000-000000000001',
  },
  'federated-user': aws('federated-user', `arn:aws:sts::${ACCOUNT}:federated-user/alice`),
  'service-linked-role': aws('service-linked-role', `${IAM}:role/aws-service-role/AWSServiceRoleForSupport`),
  root: aws('root', `${IAM}:root`),
  'aws-service': aws('aws-service', `${IAM}:role/service`),
};

function azure(kind: AzurePrincipalKind, name: string, uniqueId: string): AzurePrincipal {
  return { cloud: 'azure', kind, accountId: TENANT, name, uniqueId };
}

export const AZURE_PRINCIPALS: { readonly [Kind in AzurePrincipalKind]: AzurePrincipal } = {
  'entra-user': azure('entra-user', 'alice@example.com', 'aaaaaaaa-0000-4000-8000-000000000001'),
  'service-principal': azure('service-principal', 'deploy', 'aaaaaaaa-0000-4000-8000-000000000002'),
  'managed-identity': azure('managed-identity', 'web-1', 'aaaaaaaa-0000-4000-8000-000000000005'),
};

export const GCP_PRINCIPALS: { readonly [Kind in GcpPrincipalKind]: GcpPrincipal } = {
  'service-account': {
    cloud: 'gcp',
    kind: 'service-account',
    accountId: 'example-project',
    name: 'ci-deployer@example-project.iam.gserviceaccount.com',
  },
  'google-user': { cloud: 'gcp', kind: 'google-user', accountId: 'goog', name: 'alice@example.com' },
};

const AT = '2026-02-01T11:00:00.000Z';
const BACKDOOR: ChangedIdentity = { kind: 'user', arn: `${IAM}:user/backdoor`, uniqueId: 'AIDAEXAMPLEBACKDOOR' };
const BOB: ChangedIdentity = { kind: 'user', arn: `${IAM}:user/bob`, uniqueId: 'AIDAEXAMPLEBOB000000' };
const VAULT: ChangedIdentity = { kind: 'role', arn: `${IAM}:role/vault`, uniqueId: 'AROAEXAMPLEVAULT0000' };
const DIGEST = '0'.repeat(64);
const EMPTY = {
  window: { from: AT, to: AT },
  calls: 1,
  discoveryCalls: 0,
  distinctDiscoveryApis: 0,
  apis: [],
  denied: 0,
  addresses: [],
  userAgents: [],
  accessKeyIds: [],
  regions: [],
  truncated: false,
};

/** A log in which the suspect did all that an action answers, so that a proposal is as long as it can be. */
export function everythingDone(principal: Principal): ActivityFacts {
  const isAws = principal.cloud === 'aws';
  return {
    around: EMPTY,
    before: EMPTY,
    assumedRoles: isAws ? [{ roleArn: `${IAM}:role/deploy`, sessionName: 'alice', at: AT }] : [],
    entries: isAws
      ? [
          {
            roleArn: `${IAM}:role/deploy`,
            sessionName: 'x',
            at: AT,
            by: { kind: 'principal', id: `${IAM}:user/alice` },
          },
        ]
      : [],
    mintedSessions: 0,
    changesByPrincipal: CHANGES[principal.cloud],
    changesOfPrincipal: [],
  };
}

const change = (eventName: string, rest: Partial<IdentityChange>): IdentityChange => ({
  eventName,
  target: BACKDOOR.arn,
  at: AT,
  denied: false,
  ...rest,
});

const CHANGES: Readonly<Record<Principal['cloud'], readonly IdentityChange[]>> = {
  aws: [
    change('CreateUser', { owner: BACKDOOR }),
    change('CreateAccessKey', { owner: BACKDOOR, details: { accessKeyId: 'AKIAEXAMPLEBACKDOOR0' } }),
    change('PutUserPolicy', { owner: BACKDOOR, details: { policyName: 'admin' } }),
    change('AttachUserPolicy', {
      owner: BACKDOOR,
      details: { policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
    }),
    change('CreateLoginProfile', { owner: BOB }),
    change('AddUserToGroup', { owner: BOB, details: { groupName: 'admins' } }),
    change('UpdateAssumeRolePolicy', {
      owner: VAULT,
      before: { trustPolicy: '{}' },
      details: { documentDigest: DIGEST },
    }),
    change('SetDefaultPolicyVersion', {
      before: { versionId: 'v1' },
      details: { policyArn: `${IAM}:policy/deploy`, policyVersionId: 'v2' },
    }),
    change('CreateSAMLProvider', { details: { providerArn: `${IAM}:saml-provider/corp` } }),
    change('AddPermission20150331v2', {
      details: {
        functionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:resize`,
        statementId: 'backdoor',
        documentDigest: DIGEST,
      },
    }),
  ],
  azure: [
    change('microsoft.insights/diagnosticsettings/delete', {
      target: `/subscriptions/${SUBSCRIPTION}/providers/microsoft.insights/diagnosticSettings/to-siem`,
    }),
    change('microsoft.authorization/roleassignments/write', {
      target: `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/cccccccc-0000-4000-8000-000000000001`,
    }),
  ],
  gcp: [
    change('DeleteSink', {
      target: '//logging.googleapis.com/projects/example-project/sinks/audit',
      before: { destination: 'storage.googleapis.com/example-audit' },
    }),
    change('CreateServiceAccountKey', {
      target:
        '//iam.googleapis.com/projects/example-project/serviceAccounts/billing@example-project.iam.gserviceaccount.com',
      details: { keyId: '0123456789'.repeat(4) },
    }),
    change('SetIamPolicy', {
      target: '//cloudresourcemanager.googleapis.com/projects/example-project',
      details: { granted: [{ role: 'roles/owner', member: 'user:mallory@example.net', condition: null }] },
    }),
  ],
};

import type { Alert } from '../../domain/alert.ts';
import type { ActivityFacts, CallSummary, CredentialFacts, Gathered, GatheredEvidence } from '../../domain/evidence.ts';
import type { AwsPrincipal, Resolution } from '../../domain/principal.ts';
import type { AllowlistEntry, AssessmentPolicy } from '../../policy/policy.ts';

/** Test data: a listed Terraform identity at its ordinary work. Each test changes the one thing it is about. */
export const TERRAFORM: AwsPrincipal = {
  cloud: 'aws',
  kind: 'iam-user',
  accountId: '123456789012',
  name: 'terraform-ci',
  arn: 'arn:aws:iam::123456789012:user/terraform-ci',
};

export const ENTRY: AllowlistEntry = {
  name: 'terraform-ci',
  kind: 'infrastructure-as-code',
  principal: 'arn:aws:iam::123456789012:user/terraform-ci',
  networks: ['192.0.2.0/24', '2001:db8::/32'],
  actions: ['ec2:Describe*', 's3:List*', 'sts:GetCallerIdentity'],
  owner: 'platform',
  reason: 'State refresh of every apply.',
  expires: '2026-12-31',
};

export const POLICY: AssessmentPolicy = {
  allowlist: [ENTRY],
  businessHours: { timezone: 'UTC', days: [1, 2, 3, 4, 5], fromHour: 8, toHour: 18 },
  containFromRisk: 50,
  asOf: '2026-11-18T12:00:00Z',
};

export const UNLISTED: AssessmentPolicy = { ...POLICY, allowlist: [] };

export function calls(change: Partial<CallSummary> = {}): CallSummary {
  return {
    window: { from: '2026-11-18T10:00:00Z', to: '2026-11-18T12:00:00Z' },
    calls: 60,
    discoveryCalls: 60,
    distinctDiscoveryApis: 8,
    apis: ['ec2:DescribeInstances', 'ec2:DescribeVpcs', 's3:ListBuckets', 'sts:GetCallerIdentity'],
    denied: 0,
    addresses: ['192.0.2.7'],
    userAgents: ['APN/1.0 HashiCorp/1.0 Terraform/1.9.0'],
    accessKeyIds: ['AKIATERRAFORMEXAMPLE'],
    regions: ['us-east-1'],
    firstSeen: '2026-11-18T11:00:00Z',
    lastSeen: '2026-11-18T11:10:00Z',
    truncated: false,
    ...change,
  };
}

export function facts(change: Partial<ActivityFacts> = {}): ActivityFacts {
  return {
    around: calls(),
    before: calls({ window: { from: '2026-11-11T10:00:00Z', to: '2026-11-18T10:00:00Z' } }),
    assumedRoles: [],
    mintedSessions: 0,
    changesByPrincipal: [],
    changesOfPrincipal: [],
    ...change,
  };
}

export function known<Facts>(value: Facts): Gathered<Facts> {
  return { status: 'known', facts: value, source: 'test' };
}

export const UNKNOWN = { status: 'unknown', reason: 'It could not be read.', source: 'test' } as const;

export const CREDENTIALS: CredentialFacts = {
  accessKeys: [{ accessKeyId: 'AKIATERRAFORMEXAMPLE', active: true, createdAt: '2026-01-01T00:00:00Z' }],
  consolePassword: false,
  mfaDevices: 0,
  quarantinedByCloud: false,
};

export function gathered(change: Partial<GatheredEvidence> = {}): GatheredEvidence {
  return {
    activity: known(facts()),
    credentials: known(CREDENTIALS),
    history: known({ relatedAlerts: [] }),
    ...change,
  };
}

export function alert(change: Partial<Alert> = {}): Alert {
  return {
    alertId: 'al_0123456789abcdef0123456789abcdef',
    source: 'generic',
    sourceAlertId: '1',
    title: 'AWS Cloud Infrastructure Discovery Burst',
    rule: 't1580',
    severity: 'high',
    techniques: ['T1580'],
    cloud: 'aws',
    clues: [{ form: 'arn', value: TERRAFORM.arn }],
    sourceAddresses: ['192.0.2.7'],
    userAgents: [],
    firstSeen: '2026-11-18T11:00:00Z',
    lastSeen: '2026-11-18T11:10:00Z',
    sample: false,
    ...change,
  };
}

export const RESOLVED: Resolution & { status: 'resolved' } = { status: 'resolved', principal: TERRAFORM };

import { calls, CREDENTIALS, facts } from '../src/assess/testing/scenario.ts';
import type { Principal } from '../src/domain/principal.ts';
import type { Provider } from '../src/providers/port.ts';

const ACCOUNT = '123456789012';
export const LISTED = `arn:aws:iam::${ACCOUNT}:user/ci-*`;
export const NETWORK = '10.0.0.0/8';

/**
 * A cloud that answers at once and always the same: what listed automation looks like. The cloud is not what is measured, and
 * nothing here can change one: there are no actions.
 */
export function standInProvider(): Provider {
  const summary = calls({ addresses: ['10.0.0.1'] });
  return {
    cloud: 'aws',
    resolve: async (clues) => {
      const name = clues.find(({ form }) => form === 'user-name')?.value;
      return name ? { status: 'resolved', principal: user(name) } : { status: 'unresolved', reason: 'No user name.' };
    },
    selves: async () => [user('cordon-responder')],
    accounts: async () => [ACCOUNT],
    sources: { activity: 'stand-in', credentials: 'stand-in' },
    activity: async () => facts({ around: summary, before: summary }),
    credentials: async () => CREDENTIALS,
    successfulCallsSince: async () => ({ calls: [], logComplete: true }),
    actions: {},
    propose: () => ({ requests: [], caveats: [] }),
    evidencePermissions: [],
    marked: async () => ({ marks: [], credentials: [], unread: [] }),
    missingPermissions: async () => [],
  };
}

function user(name: string): Principal {
  return { cloud: 'aws', kind: 'iam-user', accountId: ACCOUNT, name, arn: `arn:aws:iam::${ACCOUNT}:user/${name}` };
}

/**
 * The body of an alert as a detector sends it. Every number is another identity at another address, so that none has related
 * alerts and all payloads are equally long.
 */
export function alertBody(number: number): Record<string, unknown> {
  const padded = String(number).padStart(6, '0');
  const octets = [padded.slice(0, 2), padded.slice(2, 4), padded.slice(4)].map((digits) => `1${digits}`);
  const at = new Date(Date.now() - 60_000).toISOString();
  return {
    id: `bench-${padded}`,
    title: 'Burst of cloud infrastructure discovery',
    rule: 'aws-t1580-discovery-burst',
    severity: 'high',
    techniques: ['T1580'],
    cloud: 'aws',
    accountId: ACCOUNT,
    principal: { userName: `ci-${padded}` },
    sourceAddresses: [`10.${octets.join('.')}`],
    userAgents: ['APN/1.0 HashiCorp/1.0 Terraform/1.9.0'],
    firstSeen: at,
    lastSeen: at,
    discovery: {
      discoveryCount: 60,
      distinctApis: 4,
      apiList: ['DescribeInstances', 'DescribeVpcs', 'ListBuckets', 'GetCallerIdentity'],
      distinctRegions: 1,
      riskScore: 70,
    },
  };
}

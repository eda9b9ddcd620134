import { DescribeUserCommand, ListGroupMembershipsForMemberCommand } from '@aws-sdk/client-identitystore';
import {
  DescribePermissionSetCommand,
  GetInlinePolicyForPermissionSetCommand,
  ListAccountAssignmentsForPrincipalCommand,
  ListAccountsForProvisionedPermissionSetCommand,
} from '@aws-sdk/client-sso-admin';

import type { AwsClients } from '../../../src/providers/aws/clients.ts';

export const IDENTITY_CENTER = {
  instanceArn: 'arn:aws:sso:::instance/ssoins-0123456789abcdef',
  identityStoreId: 'd-1234567890',
  region: 'us-east-1',
};

const PermissionSetArn = 'arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef';

/** One user with one permission set of their own. */
export const PERSON: readonly (readonly [unknown, object])[] = [
  [DescribeUserCommand, { UserName: 'jane@corp.example', UserStatus: 'ENABLED' }],
  [ListGroupMembershipsForMemberCommand, { GroupMemberships: [] }],
  [
    ListAccountAssignmentsForPrincipalCommand,
    { AccountAssignments: [{ AccountId: '123456789012', PermissionSetArn, PrincipalType: 'USER' }] },
  ],
  [DescribePermissionSetCommand, { PermissionSet: { Name: 'Admin', PermissionSetArn } }],
  [GetInlinePolicyForPermissionSetCommand, { InlinePolicy: '' }],
  [ListAccountsForProvisionedPermissionSetCommand, { AccountIds: [] }],
];

export function answering(clients: AwsClients, send: unknown): Pick<AwsClients, 'identityCenter'> {
  const { identityCenter } = clients;
  if (!identityCenter) return {};
  const { store, admin } = identityCenter;
  return {
    identityCenter: { ...identityCenter, store: Object.assign(store, { send }), admin: Object.assign(admin, { send }) },
  };
}

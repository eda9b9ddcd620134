import type { Permission } from '../../port.ts';

const WRITTEN = ['arn:aws:sso:::instance/*', 'arn:aws:sso:::permissionSet/*/*', 'arn:aws:sso:::account/*'];

/** On what Identity Center's Service Authorization Reference names for such a call: instance, permission set, account. */
export function writing(name: string, purpose: string): readonly Permission[] {
  return WRITTEN.map((resource) => ({ name, resource, purpose }));
}

const reading = (name: string, purpose: string): Permission => ({ name, resource: '*', purpose });

/** To find the person behind a session, and the permission sets that they hold. */
export const PERSON_PERMISSIONS: readonly Permission[] = [
  reading('identitystore:GetUserId', 'which user a session is named after'),
  reading('identitystore:DescribeUser', 'is it still the user of the plan, is the user disabled'),
];

export const HOLDING_PERMISSIONS: readonly Permission[] = [
  ...PERSON_PERMISSIONS,
  reading('identitystore:ListGroupMembershipsForMember', 'permission sets that are held through a group'),
  reading('sso:ListAccountAssignmentsForPrincipal', 'the permission sets that the user holds'),
];

/** The calls of Identity Center may go to another account than all others: whoever makes them there needs these. */
export function isOfIdentityCenter({ name }: Permission): boolean {
  return name.startsWith('sso:') || name.startsWith('identitystore:');
}

import type { Grant } from './grant.ts';
import type { Binding } from './policies.ts';

/**
 * A person owns a project by an invitation that she accepts in the console: no call gives the role back once it is taken away, and in
 * a project outside an organisation none takes it from the last one.
 * https://cloud.google.com/resource-manager/reference/rest/v3/projects/setIamPolicy
 */
export function isByInvitation({ resource, role, member }: Grant): boolean {
  return role === 'roles/owner' && /^user:/iu.test(member) && /^projects\/[^/]+$/u.test(resource);
}

/** Of the people; a service account or a group does not count for Google. */
export function isLastOwner(grant: Grant, bindings: readonly Binding[]): boolean {
  const owners = bindings.flatMap(({ role, members }) => (role === grant.role ? (members ?? []) : []));
  const others = owners.filter((one) => /^user:/iu.test(one) && one.toLowerCase() !== grant.member.toLowerCase());
  return isByInvitation(grant) && others.length === 0;
}

const INVITE = 'Google lets no call give this role to a person: invite them in the console.';

/** What a rollback can't give back, for the approver: it is in `prior`, and stays taken away. */
export function lossesForGood(grants: readonly Grant[]): readonly string[] {
  return grants
    .filter(isByInvitation)
    .map(
      ({ resource, role, member }) => `A rollback does not give ${role} on ${resource} back to ${member}. ${INVITE}`,
    );
}

/** The part of a prior state that a revert brings back, and in sentences what it leaves. */
export function withoutInvited<Prior extends { readonly grants: readonly Grant[] }>(prior: Prior) {
  const left = prior.grants
    .filter(isByInvitation)
    .map(({ resource, role, member }) => `${member} does not get ${role} on ${resource} back. ${INVITE}`);
  return { prior: { ...prior, grants: prior.grants.filter((grant) => !isByInvitation(grant)) }, left };
}

import { homeOf, isServiceAccountEmail } from './names.ts';

/**
 * One member in the policy of one resource: `<full resource name>#<member>`. Cloud names no such thing; without the member, what one
 * protected member keeps would be kept by all.
 */
export function memberTarget(resource: string, member: string): string {
  // In a target they would be a pattern.
  const plain = member.replaceAll(/[%*?]/gu, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${resource}#${plain}`;
}

/**
 * Resource names that the configuration may protect a member by, and by which Cordon knows itself; several where its address does
 * not tell the project. None for groups, domains and federated identities: nobody can be protected by those.
 */
export function resourcesOfMember(member: string, projects: readonly string[]): readonly string[] {
  const [, address] = /^(?:user|serviceAccount):([^/]+@[^/]+)$/iu.exec(member) ?? [];
  if (address === undefined) return [];
  const email = address.toLowerCase();
  if (!isServiceAccountEmail(email)) return [`principal://goog/subject/${email}`];
  const home = homeOf(email, projects);
  const [, inDomain] = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/u.exec(email) ?? [];
  const ids = home.in === 'project' ? [home.projectId] : [...(inDomain ? [inDomain] : []), ...projects];
  return ids.map((id) => `//iam.googleapis.com/projects/${id}/serviceAccounts/${email}`);
}

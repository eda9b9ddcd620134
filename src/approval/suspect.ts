import { matchesArn, parseArn } from '../domain/arn.ts';

/**
 * Whether an approver's cloud identity (ARN, or pattern with `*` in the resource) may be the suspect. IAM names are unique
 * whatever their case. A role and its sessions count as one where only one side names the session: who can't be told from the
 * suspect does not approve.
 */
export function mayBe(identity: string, suspectArn: string): boolean {
  const pattern = identity.toLowerCase();
  const arn = suspectArn.toLowerCase();
  if (matchesArn(pattern, arn)) return true;
  const own = roleOf(pattern);
  const suspect = roleOf(arn);
  if (!own || !suspect || (own.isSession && suspect.isSession)) return false;
  return matchesArn(own.arn, suspect.arn);
}

/** The role of a role or session ARN, in one form; a session does not show its role's path, so the path is left out. */
function roleOf(text: string): { readonly arn: string; readonly isSession: boolean } | null {
  const arn = parseArn(text);
  const [type, ...rest] = arn?.resource.split('/') ?? [];
  const isSession = arn?.service === 'sts' && type === 'assumed-role';
  if (!arn || (!isSession && !(arn.service === 'iam' && type === 'role'))) return null;
  const name = isSession ? rest[0] : rest.at(-1);
  return { arn: `arn:${arn.partition}:iam:${arn.region}:${arn.accountId}:role/${name ?? ''}`, isSession };
}

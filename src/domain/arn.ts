import { matchesWildcard } from './wildcard.ts';

/** `arn:partition:service:region:account:resource`; region and account may be empty, the resource may hold colons. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  /** For example `user/team/alice` or `assumed-role/ci/run-7`. */
  readonly resource: string;
}

const ARN = /^arn:(?<partition>[^:]+):(?<service>[^:]+):(?<region>[^:]*):(?<accountId>[^:]*):(?<resource>.+)$/su;

/** Null for anything that is not an ARN; white space and control characters never belong in one. */
export function parseArn(text: string): Arn | null {
  if (/[\s\p{Cc}]/u.test(text)) return null;
  const parts = ARN.exec(text)?.groups;
  if (!parts) return null;
  const { partition = '', service = '', region = '', accountId = '', resource = '' } = parts;
  return { partition, service, region, accountId, resource };
}

/**
 * Whether an ARN matches a pattern of our configuration. A `*` counts in the resource part only, and not alone: a pattern that
 * names no partition, service or account, or every resource, matches nothing. Neither side can smuggle in a regular expression.
 */
export function matchesArn(pattern: string, arn: string): boolean {
  const wanted = parseArn(pattern);
  const found = parseArn(arn);
  if (!wanted || !found) return false;
  const fixed: readonly (keyof Arn)[] = ['partition', 'service', 'region', 'accountId'];
  if (fixed.some((part) => wanted[part].includes('*') || wanted[part] !== found[part])) return false;
  return /[^*]/u.test(wanted.resource) && matchesWildcard(wanted.resource, found.resource);
}

/** The role that a role ARN or the ARN of one of its sessions names. */
export interface RoleName {
  /** Partition and account. */
  readonly account: string;
  readonly name: string;
  /** Between `role/` and the name, without slashes at its ends; null for a session, whose ARN does not show it. */
  readonly path: string | null;
}

/** Lower case, since IAM keeps names unique whatever their case. Null for an ARN of anything else. */
export function roleOf(text: string): RoleName | null {
  const arn = parseArn(text.toLowerCase());
  if (!arn) return null;
  const [type, ...rest] = arn.resource.split('/');
  const account = `${arn.partition}:${arn.accountId}`;
  if (type === 'assumed-role' && arn.service === 'sts') return { account, name: rest[0] ?? '', path: null };
  if (type !== 'role' || arn.service !== 'iam') return null;
  return { account, name: rest.at(-1) ?? '', path: rest.slice(0, -1).join('/') };
}

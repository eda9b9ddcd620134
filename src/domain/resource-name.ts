import { matchesArn, parseArn } from './arn.ts';
import { matchesWildcard } from './wildcard.ts';

/** What stands before the name of one identity, for the clouds without ARNs; a pattern must spell it out. */
const HEAD =
  /^(?:\/tenants\/[0-9a-f-]{36}\/(?:users|servicePrincipals)\/|\/\/iam\.googleapis\.com\/projects\/[a-z0-9:.-]+\/serviceAccounts\/|principal:\/\/goog\/subject\/)/iu;

/** Of Azure Resource Manager and of Google Cloud: what changes there, beside identities. */
const RESOURCE = /^(?:\/(?:subscriptions|providers|applications)\/|\/\/[a-z]+\.googleapis\.com\/)[^\s\p{Cc}]+$/iu;

/** Whether it names one thing in one of the clouds: an ARN, a directory object, a resource. Never for a bare name. */
export function isResourceName(text: string): boolean {
  return parseArn(text) !== null || isIdentity(text) || RESOURCE.test(text);
}

function isIdentity(text: string): boolean {
  const head = HEAD.exec(text)?.[0];
  return head !== undefined && /^[^\s\p{Cc}/]+$/u.test(text.slice(head.length));
}

/**
 * Whether an identity matches a pattern of our configuration, whatever their case. A `*` counts in what names the identity
 * only, and not alone: a pattern over every account, tenant or project, or over every identity of one, matches nothing.
 */
export function matchesResource(pattern: string, resource: string): boolean {
  const [wanted, found] = [pattern.toLowerCase(), resource.toLowerCase()];
  if (wanted.startsWith('arn:')) return matchesArn(wanted, found);
  const head = HEAD.exec(wanted)?.[0];
  if (head === undefined || !found.startsWith(head) || !isIdentity(found)) return false;
  const name = wanted.slice(head.length);
  return /[^*]/u.test(name) && matchesWildcard(name, found.slice(head.length));
}

/** What `matchesResource` can match at all; for the configuration to refuse any other. */
export const RESOURCE_PATTERN =
  /^(?:arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:[0-9]{12}:[^*\s]*[^*\s/][^\s]*|(?:\/tenants\/[0-9a-fA-F-]{36}\/(?:users|servicePrincipals)\/|\/\/iam\.googleapis\.com\/projects\/[a-z0-9:.-]+\/serviceAccounts\/|principal:\/\/goog\/subject\/)[^\s/]*[^*\s/][^\s/]*)$/u;

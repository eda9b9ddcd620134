import { createHash } from 'node:crypto';

import { GoogleError } from './google-error.ts';
import { jsonOf, textOf, type Json } from './json.ts';
import { refuseOwners } from './project-owners.ts';
import type { Binding, Condition, State, StoredPolicy } from './state.ts';

/** What `getIamPolicy` answers for a policy that nobody has set. */
const ETAG_OF_NOTHING = 'ACAB';

/**
 * The policy in the form that was asked for. Below version 3 conditions are not shown: their roles come back as
 * `roles/x_withcond_` and a hash (https://cloud.google.com/iam/docs/troubleshooting-withcond).
 */
export function shownPolicy(state: State, resource: string, requestedVersion: number): Json {
  checkVersion(requestedVersion);
  const policy = state.policies.get(resource);
  if (!policy) return { etag: ETAG_OF_NOTHING };
  const bindings = currentBindings(policy);
  const conditional = bindings.some(({ condition }) => condition);
  return {
    version: conditional && requestedVersion === 3 ? 3 : 1,
    etag: etagOf(policy),
    ...(policy.auditConfigs.length > 0 ? { auditConfigs: policy.auditConfigs } : {}),
    ...(bindings.length > 0 ? { bindings: requestedVersion === 3 ? bindings : bindings.map(withoutCondition) } : {}),
  };
}

/** Reads show the last write at once; only its effect takes time. */
export function currentBindings(policy: StoredPolicy): readonly Binding[] {
  return policy.versions.at(-1)?.bindings ?? [];
}

/** @throws GoogleError 409 for a stale etag; 400 for a version below 3 where conditions are in place, or a bad binding. */
export function setPolicy(state: State, resource: string, wanted: Json, updateMask: string | undefined): void {
  const stored = state.policies.get(resource);
  const etag = textOf(wanted['etag']);
  const before = stored ? currentBindings(stored) : [];
  const mask = updateMask === undefined ? ['bindings'] : updateMask.split(',');
  const after = mask.includes('bindings') ? merged(bindingsIn(state, wanted)) : before;
  if (etag !== undefined) {
    if (etag !== (stored ? etagOf(stored) : ETAG_OF_NOTHING)) throw concurrentChange();
    requireVersion(wanted['version'], [...before, ...after]);
  }
  refuseOwners(state, resource, before, after);
  const auditConfigs = mask.includes('auditConfigs') ? wanted['auditConfigs'] : stored?.auditConfigs;
  state.policies.set(resource, {
    versions: [...(stored?.versions ?? []), { fromMs: state.nowMs() + state.propagationMs, bindings: after }],
    auditConfigs: Array.isArray(auditConfigs) ? auditConfigs : [],
    revision: state.next(),
  });
}

/** What changed, as the audit log tells it. */
export function deltasBetween(before: readonly Binding[], after: readonly Binding[]): Json[] {
  const flat = (bindings: readonly Binding[]) =>
    bindings.flatMap(({ role, members, condition }) =>
      members.map((member) => ({ role, member, ...(condition ? { condition } : {}) })),
    );
  const missing = (from: Json[], others: Json[]) => {
    const known = new Set(others.map((one) => JSON.stringify(one)));
    return from.filter((one) => !known.has(JSON.stringify(one)));
  };
  return [
    ...missing(flat(before), flat(after)).map((one) => ({ action: 'REMOVE', ...one })),
    ...missing(flat(after), flat(before)).map((one) => ({ action: 'ADD', ...one })),
  ];
}

/** One binding a role and condition, members once each; order is the order of arrival. */
export function merged(bindings: readonly Binding[]): Binding[] {
  const byRole = new Map<string, Binding>();
  for (const binding of bindings) {
    const id = JSON.stringify([binding.role, binding.condition]);
    byRole.set(id, { ...binding, members: [...new Set([...(byRole.get(id)?.members ?? []), ...binding.members])] });
  }
  return [...byRole.values()];
}

export function concurrentChange(): GoogleError {
  return new GoogleError(
    'ABORTED',
    'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
  );
}

function etagOf(policy: StoredPolicy): string {
  const bytes = Buffer.from([7, 6, 0x42, 0, 0, 0, 0, 0]);
  bytes.writeUInt32BE(policy.revision, 4);
  return bytes.toString('base64');
}

function withoutCondition({ role, members, condition }: Binding): Binding {
  if (!condition) return { role, members };
  const hash = createHash('sha256').update(JSON.stringify(condition)).digest('hex').slice(0, 20);
  return { role: `${role}_withcond_${hash}`, members };
}

function checkVersion(version: unknown): void {
  if (version === 0 || version === 1 || version === 3) return;
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `Invalid policy version: ${String(version)}. Valid values are 0, 1, and 3.`,
  );
}

/** Without an etag Google skips this check and the conditions are lost: that is why nobody may leave the etag out. */
function requireVersion(version: unknown, bindings: readonly Binding[]): void {
  const given = version ?? 1;
  checkVersion(given);
  if (given === 3 || !bindings.some(({ condition }) => condition)) return;
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `Specified policy version (${JSON.stringify(given)}) cannot be less than the existing policy version (3). For more information, please refer to https://cloud.google.com/iam/docs/policies#versions.`,
  );
}

function bindingsIn(state: State, policy: Json): Binding[] {
  const given = policy['bindings'] ?? [];
  if (!Array.isArray(given)) throw new GoogleError('INVALID_ARGUMENT', 'Invalid value at policy.bindings.');
  return given.map((one) => {
    const { role, members, condition } = jsonOf(one);
    if (typeof role !== 'string' || !state.roles.has(role))
      throw new GoogleError('INVALID_ARGUMENT', `Role ${String(role)} is not supported for this resource.`);
    if (!Array.isArray(members) || members.length === 0)
      throw new GoogleError('INVALID_ARGUMENT', `Binding of ${role} must contain at least one member.`);
    for (const member of members) checkMember(state, String(member));
    return { role, members: members.map(String), ...(condition ? { condition: condition as Condition } : {}) };
  });
}

function checkMember(state: State, member: string): void {
  const [kind, email] = member.split(/:(.*)/s);
  if (kind === 'serviceAccount' && email !== undefined && !state.accounts.has(email))
    throw new GoogleError('INVALID_ARGUMENT', `Service account ${email} does not exist.`);
  if (email === undefined && !/^all(?:Authenticated)?Users$/.test(member))
    throw new GoogleError('INVALID_ARGUMENT', `Invalid member: ${member}.`);
}

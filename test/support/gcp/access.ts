import { evaluate } from './conditions.ts';
import { ancestry, type Binding, type State, type StoredPolicy } from './state.ts';

/** Who a request comes from, out of its access token. */
export interface Caller {
  readonly email: string;
  /** As policies spell it: `user:…` or `serviceAccount:…`. */
  readonly member: string;
  /** Full resource name of the key that got the token. */
  readonly keyName?: string;
  /** Who asked for this token through `generateAccessToken`. */
  readonly delegate?: Caller;
}

export interface Resource {
  readonly name: string;
  readonly type: string;
}

/** Allow policies of the resource and all above it. There are no deny policies here. */
export function isGranted(state: State, caller: Caller, permission: string, resource: Resource): boolean {
  return ancestry(state, resource.name).some((name) => {
    const policy = state.policies.get(name);
    return (
      policy !== undefined && inForce(state, policy).some((one) => grants(state, one, caller, permission, resource))
    );
  });
}

/** The last version old enough to have reached every server. */
function inForce(state: State, policy: StoredPolicy): readonly Binding[] {
  return policy.versions.findLast(({ fromMs }) => fromMs <= state.nowMs())?.bindings ?? [];
}

function grants(state: State, binding: Binding, caller: Caller, permission: string, resource: Resource): boolean {
  if (!state.roles.get(binding.role)?.permissions.includes(permission)) return false;
  if (!binding.members.some((member) => covers(state, member, caller))) return false;
  if (!binding.condition) return true;
  const answer = evaluate(binding.condition.expression, { timeMs: state.nowMs(), ...resource });
  if (answer === 'unsupported') state.unsupportedConditions.add(binding.condition.expression);
  return answer === true;
}

function covers(state: State, member: string, caller: Caller): boolean {
  if (member === 'allUsers' || member === 'allAuthenticatedUsers') return true;
  if (member.toLowerCase() === caller.member.toLowerCase()) return true;
  if (member.startsWith('domain:'))
    return caller.member === `user:${caller.email}` && caller.email.endsWith(`@${member.slice(7)}`);
  return state.groups.get(member)?.some((one) => covers(state, one, caller)) ?? false;
}

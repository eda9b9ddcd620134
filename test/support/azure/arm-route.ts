import type { Call, Reply } from './http.ts';
import type { World } from './state.ts';
import type { Caller } from './tokens.ts';

export interface ArmRequest {
  readonly world: World;
  readonly call: Call;
  readonly caller: Caller;
  /** Where authorization is asked for: the named group `scope` of the pattern, `/` for the tenant. */
  readonly scope: string;
  readonly groups: Readonly<Record<string, string | undefined>>;
}

export interface ArmRoute {
  readonly method: string;
  /** Over the whole path. */
  readonly pattern: RegExp;
  /** The operation, as role definitions and the activity log name it. */
  readonly action: string | ((request: ArmRequest) => string);
  /** Where anyone signed in may ask. */
  readonly open?: (request: ArmRequest) => boolean;
  readonly handle: (request: ArmRequest) => Reply;
}

const SCOPE = String.raw`(?<scope>/subscriptions/[^/]+(?:/.*)?|/providers/Microsoft\.Management/managementGroups/[^/]+|)`;

/** A path below any scope: subscription, resource group, resource, management group or the tenant. `rest` is a pattern. */
export function belowScope(rest: string): RegExp {
  return new RegExp(`^${SCOPE}${rest}$`, 'iu');
}

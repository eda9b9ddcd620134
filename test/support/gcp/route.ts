import type { Caller, Resource } from './access.ts';
import type { GoogleError } from './google-error.ts';
import type { Json } from './json.ts';
import type { State } from './state.ts';
import type { Tokens } from './tokens.ts';

export interface Call {
  readonly state: State;
  readonly tokens: Tokens;
  /** Audit entries that can be read by now, oldest first. */
  readonly log: { visible(): readonly Json[] };
  readonly caller: Caller;
  readonly params: Record<string, string | undefined>;
  readonly query: URLSearchParams;
  readonly body: Json;
  /** Fields that the handler adds to this call's audit entry. */
  readonly audited: Json;
}

/** What a call is about: where policies apply and what the audit log names. */
export interface Target extends Resource {
  /** As the audit log has it; the e-mail of a service account becomes its number there. */
  readonly loggedName?: string;
  readonly monitored?: { readonly type: string; readonly labels: Record<string, string> };
  /** Told only to those who hold the permission. */
  readonly missing?: GoogleError;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Of the whole path, with named groups for the parameters. */
  readonly path: RegExp;
  readonly service: string;
  readonly methodName: string;
  /** `undefined`: asks for nothing, or checks by itself. */
  readonly permission?: string | ((call: Call) => string);
  /** Which audit log it goes to; calls without one are not recorded by Google either. */
  readonly log?: 'activity' | 'data_access';
  readonly target: (call: Call) => Target;
  readonly answer: (call: Call, target: Target) => Json | Promise<Json>;
}

/** Path parameters are always there once the path matched. */
export function param(call: Call, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw new Error(`The route has no parameter ${name}.`);
  return value;
}

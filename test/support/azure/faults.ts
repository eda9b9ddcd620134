import type { Reply } from './http.ts';

/** What becomes of a call: an answer without effect, a connection that breaks before or after the effect, or a wait. */
export type FaultKind = '429' | '500' | '403' | '404' | '409' | '412' | 'drop-before' | 'drop-after' | 'delay';

/** One call as it came in. */
export interface FaultedCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Asked for each call; it may take its time: the call is held meanwhile, for good if it never answers. */
export type Interference = (call: FaultedCall) => FaultKind | undefined | Promise<FaultKind | undefined>;

export interface Fault {
  /** Asked with method and path of the call, e.g. by `/^DELETE .*roleAssignments/`. */
  readonly match: RegExp | ((call: Omit<FaultedCall, 'query'>) => boolean);
  /** How many calls it meets; 1 if absent. */
  readonly times?: number;
  readonly kind: FaultKind;
  /** Of `delay`. */
  readonly delayMs?: number;
  /** Of `429`; 1 if absent. Seconds. */
  readonly retryAfterSeconds?: number;
}

const REFUSALS: Readonly<Record<string, readonly [code: string, message: string]>> = {
  '429': ['TooManyRequests', 'The request is being throttled.'],
  '500': ['InternalServerError', 'The server encountered an internal error. Please retry the request.'],
  '403': ['AuthorizationFailed', 'The client does not have authorization to perform this action.'],
  '404': ['ResourceNotFound', 'The resource was not found.'],
  '409': ['Conflict', 'The request failed due to a concurrent modification of the object.'],
  '412': ['PreconditionFailed', 'The condition specified using HTTP conditional header(s) is not met.'],
};

export class Faults {
  #pending: { readonly fault: Fault; left: number }[] = [];
  #interference: Interference = () => undefined;

  add(fault: Fault): void {
    this.#pending.push({ fault, left: fault.times ?? 1 });
  }

  /** Until the next `clear`. */
  interfere(interference: Interference): void {
    this.#interference = interference;
  }

  clear(): void {
    this.#pending = [];
    this.#interference = () => undefined;
  }

  /** The first that fits, which is used up by this call; else what the interference says. */
  async take(call: FaultedCall): Promise<Fault | undefined> {
    const pending = this.#next(call);
    if (pending) return pending;
    const kind = await this.#interference(call);
    return kind && { match: () => true, kind };
  }

  #next(call: FaultedCall): Fault | undefined {
    const found = this.#pending.find(({ fault: { match }, left }) => {
      if (left === 0) return false;
      return typeof match === 'function' ? match(call) : match.test(`${call.method} ${call.path}`);
    });
    if (found) found.left -= 1;
    return found?.fault;
  }
}

/** Of the kinds that are answers. */
export function refusalOf(fault: Fault): Reply | undefined {
  const [code, message] = REFUSALS[fault.kind] ?? [];
  if (!code) return undefined;
  const headers = fault.kind === '429' ? { 'retry-after': String(fault.retryAfterSeconds ?? 1) } : {};
  return { status: Number(fault.kind), body: { error: { code, message } }, headers };
}

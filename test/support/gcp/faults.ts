import { concurrentChange } from './policies.ts';
import { GoogleError } from './google-error.ts';

export type FaultKind = '429' | '500' | '503' | '403' | '404' | '409' | 'drop-before' | 'drop-after' | 'delay';

export interface Fault {
  /** Tested on `METHOD /path?query`; `POST /token` is a call like any other. */
  readonly match: RegExp;
  readonly kind: FaultKind;
  /** How many calls it befalls; 1 unless told. */
  readonly times?: number;
  /** Of `delay`. */
  readonly delayMs?: number;
}

/** One call as it came in; the path is decoded and has no query. */
export interface FaultedCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Asked for each call; it may take its time: the call is held meanwhile, for good if it never answers. */
export type Interference = (call: FaultedCall) => FaultKind | undefined | Promise<FaultKind | undefined>;

export interface Faults {
  add(fault: Fault): void;
  /** Until the next `clear`. */
  interfere(interference: Interference): void;
  clear(): void;
}

/** `next` uses up one time of the first fault that fits; else it is what the interference says. */
export function faultList(): Faults & { next(method: string, url: string, body: unknown): Promise<Fault | undefined> } {
  const faults: { fault: Fault; left: number }[] = [];
  let interference: Interference = () => undefined;
  return {
    interfere(how) {
      interference = how;
    },
    add(fault) {
      faults.push({ fault, left: fault.times ?? 1 });
    },
    clear() {
      faults.length = 0;
      interference = () => undefined;
    },
    async next(method, url, body) {
      const found = faults.find(({ fault, left }) => left > 0 && fault.match.test(`${method} ${url}`));
      if (found) {
        found.left -= 1;
        return found.fault;
      }
      const { pathname, searchParams: query } = new URL(url, 'http://double');
      const kind = await interference({ method, path: decodeURIComponent(pathname), query, body });
      return kind && { match: /./u, kind };
    },
  };
}

/** The answer of the kinds that fail before anything is done; `undefined` for the rest. */
export function answerOf(kind: FaultKind): GoogleError | undefined {
  switch (kind) {
    case '429':
      return new GoogleError(
        'RESOURCE_EXHAUSTED',
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute'.",
        { info: { reason: 'RATE_LIMIT_EXCEEDED', domain: 'googleapis.com' } },
      );
    case '500':
      return new GoogleError('INTERNAL', 'Internal error encountered.');
    case '503':
      return new GoogleError('UNAVAILABLE', 'The service is currently unavailable.');
    case '403':
      return new GoogleError('PERMISSION_DENIED', 'The caller does not have permission');
    case '404':
      return new GoogleError('NOT_FOUND', 'Requested entity was not found.');
    case '409':
      return concurrentChange();
    default:
      return undefined;
  }
}

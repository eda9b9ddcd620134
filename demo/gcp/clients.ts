import type { JWT } from 'google-auth-library';

import { bearer, credentialsOf, type GcpDouble, type KeyFile } from '../../test/support/gcp/index.ts';
import type { Attempt } from '../scene.ts';

/** Where somebody calls from, and with what. */
export interface Place {
  readonly address: string;
  readonly userAgent: string;
}

/** The real library's client: it signs with the key, fetches tokens and sends them. */
type Client = Pick<JWT, 'request'>;

/** One identity at one place. */
export interface Caller {
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
}

export function withKey(gcp: GcpDouble, key: KeyFile, place: Place): Caller {
  return callerOf(gcp, credentialsOf(key), place);
}

export function withToken(gcp: GcpDouble, token: string, place: Place): Caller {
  return callerOf(gcp, bearer(token), place);
}

function callerOf({ url }: GcpDouble, client: Client, { address, userAgent }: Place): Caller {
  const headers = { 'x-forwarded-for': address, 'user-agent': userAgent };
  const retryConfig = { retry: 0 };
  return {
    get: async (path) => (await client.request({ url: `${url}${path}`, headers, retryConfig })).data,
    post: async (path, data) =>
      (await client.request({ url: `${url}${path}`, method: 'POST', data, headers, retryConfig })).data,
  };
}

/** How Google says no to a caller: to the key, to the token, to the call. Anything else proves nothing. */
const REFUSALS = /^(?:invalid_grant|UNAUTHENTICATED|PERMISSION_DENIED)$/u;

export async function attempt(call: () => Promise<unknown>): Promise<Attempt> {
  try {
    await call();
    return { allowed: true, errorCode: null, httpStatus: 200 };
  } catch (error) {
    const { status, data } = (error as { response?: { status: number; data: unknown } }).response ?? {};
    const errorCode = codeOf(data);
    if (status === undefined || errorCode === undefined || !REFUSALS.test(errorCode)) throw error;
    return { allowed: false, errorCode, httpStatus: status };
  }
}

/** The token endpoint answers with a word, the services with an object; older ones name no status in it. */
function codeOf(body: unknown): string | undefined {
  const { error } = (body ?? {}) as { error?: unknown };
  if (typeof error === 'string') return error;
  const { status, code } = (error ?? {}) as { status?: unknown; code?: unknown };
  if (typeof status === 'string') return status;
  return code === 401 ? 'UNAUTHENTICATED' : code === 403 ? 'PERMISSION_DENIED' : undefined;
}

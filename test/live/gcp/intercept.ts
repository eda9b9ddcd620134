import { gaxios } from 'google-auth-library';
import { isDeepStrictEqual } from 'node:util';

import type { GcpInterceptor } from '../../../src/providers/gcp/clients.ts';
import type { FaultOffTheWire } from '../../contracts/providers/action.contract.ts';
import type { Ownership } from '../ownership.ts';

/** Posted too, and only reads. */
const READS = /:(?:getIamPolicy|testIamPermissions|list)$/u;

interface Binding {
  readonly role?: string;
  readonly members?: readonly string[];
  readonly condition?: unknown;
}
interface Policy {
  readonly etag?: string;
  readonly bindings?: readonly Binding[];
}

export interface Call {
  readonly method: string;
  /** Without the version. */
  readonly path: string;
  readonly url: string;
}

export interface Watched {
  readonly calls: Call[];
  fault: FaultOffTheWire | null;
}

export function isWrite({ method, path }: Call): boolean {
  return method !== 'GET' && !READS.test(path);
}

/** Lets through only what changes the run's own, records it, and breaks writes where the network would. */
export function intercepting(project: string, ownership: Ownership, watched: Watched): GcpInterceptor {
  const policies = new PolicyGuard(ownership);
  return async (options, next) => {
    const url = new URL(String(options.url));
    const path = decodeURIComponent(url.pathname).replace(/^\/v\d+\//u, '');
    const call = { method: options.method ?? 'GET', path, url: url.href };
    const body = (options.data ?? {}) as Readonly<Record<string, unknown>>;
    const writes = isWrite(call);
    if (writes) {
      if (path === `projects/${project}:setIamPolicy`) policies.require(body['policy'] as Policy);
      else ownership.require(`${call.method} ${path}`, changedBy(project, path, body));
    }
    watched.calls.push(call);
    const broken = writes ? watched.fault : null;
    if (broken !== null && broken !== 'lost') throw failure(broken, options, url);
    const response = await next();
    if (broken === 'lost') throw failure('cut', options, url);
    if (path === `projects/${project}:getIamPolicy`) policies.read(response.data as Policy);
    return response;
  };
}

/** Names of the accounts and roles that a call makes, changes or removes; of nothing else, so anything else is refused. */
export function changedBy(
  project: string,
  path: string,
  body: Readonly<Record<string, unknown>>,
): readonly (string | undefined)[] {
  if (path === `projects/${project}/serviceAccounts`) return [String(body['accountId'])];
  if (path === `projects/${project}/roles`) return [String(body['roleId'])];
  const [, own, kind, rest = ''] = /^projects\/([^/]+)\/(serviceAccounts|roles)\/(.+)$/u.exec(path) ?? [];
  if (own !== project || !kind) return [];
  return [/^[^/:]+/u.exec(rest)?.[0]];
}

/** A project's policy is everybody's: only the run's own members may differ from what was read under the same etag. */
export class PolicyGuard {
  readonly #ownership: Ownership;
  readonly #others = new Map<string, readonly string[]>();

  constructor(ownership: Ownership) {
    this.#ownership = ownership;
  }

  read({ etag, bindings = [] }: Policy): void {
    if (etag) this.#others.set(etag, this.#withoutOwn(bindings));
  }

  require({ etag = '', bindings = [] }: Policy): void {
    const before = this.#others.get(etag);
    if (!before || !isDeepStrictEqual(before, this.#withoutOwn(bindings)))
      this.#ownership.refuse('setIamPolicy of the project', 'what others have in it');
  }

  #withoutOwn(bindings: readonly Binding[]): readonly string[] {
    return bindings
      .flatMap(({ role, members = [], condition }) =>
        members
          .filter((one) => !this.#ownership.owns(one))
          .map((one) => JSON.stringify([role, one, condition ?? null])),
      )
      .toSorted();
  }
}

const ANSWERS: Readonly<Partial<Record<FaultOffTheWire, readonly [number, string]>>> = {
  throttled: [429, 'RESOURCE_EXHAUSTED'],
  unavailable: [503, 'UNAVAILABLE'],
  denied: [403, 'PERMISSION_DENIED'],
  conflict: [409, 'ABORTED'],
  gone: [404, 'NOT_FOUND'],
};

function failure(fault: FaultOffTheWire, options: gaxios.GaxiosOptions, url: URL): Error {
  const prepared = { ...options, url, headers: new Headers() };
  const [status, code] = ANSWERS[fault] ?? [];
  if (status === undefined) return Object.assign(new Error('Broken by the test.'), { code: 'ECONNRESET' });
  const response = Object.assign(new Response(null, { status }), {
    config: prepared,
    data: { error: { code: status, status: code, message: 'Broken by the test.' } },
  });
  return new gaxios.GaxiosError('Broken by the test.', prepared, response);
}

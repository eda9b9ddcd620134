import type { Pipeline, PipelineResponse } from '@azure/core-rest-pipeline';
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  RestError,
} from '@azure/core-rest-pipeline';
import { z } from 'zod';

import { CordonFailure } from '../../contracts/failures.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { PlannedCall } from '../../domain/plan.ts';
import { armPermission, callName } from './calls.ts';
import { toFailure } from './failures.ts';

export interface RestCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the first slash, encoded, without a query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
  /** What Cordon needs for it; told from the path where Azure Resource Manager is called. */
  readonly permission?: string;
}

/** Parsed JSON, or null where there is no content. Throws `CordonFailure` only. */
export interface Rest {
  call(call: RestCall): Promise<unknown>;
  /** The pages of a list; stops after `pages` and says so. Follows no link to another host: the token would go there too. */
  list<Item extends z.ZodType>(
    item: Item,
    call: RestCall,
    pages?: number,
  ): Promise<{ readonly items: readonly z.output<Item>[]; readonly cut: boolean }>;
}

const httpClient = createDefaultHttpClient();
const page = z.object({
  value: z.array(z.unknown()),
  nextLink: z.string().nullish(),
  '@odata.nextLink': z.string().nullish(),
});

export function createRest(baseUrl: string, pipeline: Pipeline): Rest {
  const origin = baseUrl.replace(/\/+$/u, '');
  const send = async (
    url: string,
    { method, body, permission }: Omit<RestCall, 'path' | 'query'>,
  ): Promise<unknown> => {
    const failed = { name: callName(method, url), permission: permission ?? armPermission(method, url) };
    try {
      const request = createPipelineRequest({
        url,
        method,
        headers: createHttpHeaders({
          accept: 'application/json',
          ...(body ? { 'content-type': 'application/json' } : {}),
        }),
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const response = await pipeline.sendRequest(httpClient, request);
      if (response.status >= 400) throw refused(response);
      return response.bodyAsText ? JSON.parse(response.bodyAsText) : null;
    } catch (error) {
      throw toFailure(error, failed);
    }
  };
  return {
    call: (call) => send(urlOf(origin, call), call),
    async list(item, call, pages = 20) {
      const items: z.output<typeof item>[] = [];
      let next: string | null = urlOf(origin, call);
      for (let count = 0; next && count < pages; count++) {
        const answer: z.output<typeof page> = read(page, await send(next, call), callName(call.method, next));
        items.push(...answer.value.map((one) => read(item, one, callName(call.method, call.path))));
        next = following(origin, answer, callName(call.method, call.path));
      }
      return { items, cut: Boolean(next) };
    },
  };
}

/** The link to the next page. Resource Manager writes its port into it, `https://management.azure.com:443/…`, which is the same host. */
function following(origin: string, answer: z.output<typeof page>, name: string): string | null {
  const link = answer.nextLink ?? answer['@odata.nextLink'];
  if (!link) return null;
  const url = URL.parse(link);
  if (url?.origin !== new URL(origin).origin || url.username !== '' || url.password !== '') throw unreadable(name);
  return url.href;
}

/** What Azure answered, in the shape that was expected of it; another shape proves nothing, and may pass with the next try. */
export function read<Schema extends z.ZodType>(schema: Schema, value: unknown, name: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw unreadable(name);
  return parsed.data;
}

/** A write as it is shown to the approver and as it is made: one object, so that the two can't differ. */
export interface Write extends RestCall {
  readonly service: 'graph' | 'arm';
}

export function planned({ service, method, path, body }: Write): PlannedCall {
  return { service, operation: `${method} ${path}`, parameters: body ?? {} };
}

function urlOf(origin: string, { path, query = {} }: RestCall): string {
  const search = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return `${origin}${path}${search.length > 0 ? `?${search.join('&')}` : ''}`;
}

function refused(response: PipelineResponse): RestError {
  return new RestError('refused', { statusCode: response.status, request: response.request, response });
}

function unreadable(name: string): CordonFailure {
  return new CordonFailure('Unavailable', `${name} answered in a form that is not known.`);
}

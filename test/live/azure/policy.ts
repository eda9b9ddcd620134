import {
  createHttpHeaders,
  RestError,
  type PipelinePolicy,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';

import type { PlannedCall } from '../../../src/domain/plan.ts';
import type { FaultOffTheWire } from '../../contracts/providers/action.contract.ts';
import type { Ownership } from '../ownership.ts';

export interface Watched {
  readonly writes: PlannedCall[];
  fault: FaultOffTheWire | null;
}

type Body = Readonly<Record<string, unknown>>;

const STATUS: Readonly<Partial<Record<FaultOffTheWire, number>>> = {
  throttled: 429,
  unavailable: 500,
  denied: 403,
  conflict: 409,
  gone: 404,
};

/** Lets through only what changes the run's own, records it, and breaks writes where the network would. */
export function watching(subscription: string, ownership: Ownership, watched: Watched): PipelinePolicy {
  return {
    name: 'onlyOurs',
    async sendRequest(request, next) {
      if (request.method === 'GET') return next(request);
      const url = new URL(request.url);
      const path = decodeURIComponent(url.pathname).replace(/^\/+/u, '/');
      const body = bodyOf(request.body);
      ownership.require(`${request.method} ${path}`, changedBy(subscription, request.method, path, body));
      const service = /^\/(?:v1\.0|beta)\//u.test(path) ? 'graph' : 'arm';
      const parameters = body as PlannedCall['parameters'];
      watched.writes.push({ service, operation: `${request.method} ${path}`, parameters });
      const { fault } = watched;
      if (fault === 'cut') throw cut(request);
      if (fault !== null && fault !== 'lost') return refused(request, STATUS[fault] ?? 500);
      const response = await next(request);
      if (fault === 'lost') throw cut(request);
      claimMade(ownership, path, body, response);
      return response;
    },
  };
}

/** What a call makes, changes or removes. Names where there are names, else ids, which are the run's once they were claimed. */
export function changedBy(
  subscription: string,
  method: string,
  path: string,
  body: Body,
): readonly (string | undefined)[] {
  const graph = /^\/v1\.0(\/.*)$/u.exec(path)?.[1];
  if (graph === '/applications') return [text(body['displayName'])];
  if (graph === '/users') return [text(body['displayName']), text(body['userPrincipalName'])];
  if (graph === '/servicePrincipals') return [text(body['appId'])];
  const of = /^\/(?:applications|servicePrincipals|users|directory\/deletedItems)\/([0-9a-f-]{36})(?:\/|$)/u;
  if (graph !== undefined) return [of.exec(graph)?.[1]];
  const own = `/subscriptions/${subscription}/`.toLowerCase();
  if (!path.toLowerCase().startsWith(own)) return [];
  const group = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)/iu.exec(path)?.[1];
  const assignment = /\/providers\/Microsoft\.Authorization\/roleAssignments\/[0-9a-f-]{36}$/iu.test(path);
  // At a wider scope an assignment could not be told from others by where it stands; the suite makes none there.
  if (assignment) return method === 'PUT' ? [group, principalOf(body)] : [group, path];
  return group && path.toLowerCase() === `${own}resourcegroups/${group}`.toLowerCase() ? [group] : [];
}

function claimMade(ownership: Ownership, path: string, body: Body, response: PipelineResponse): void {
  if (response.status >= 300) return;
  const made = bodyOf(response.bodyAsText ?? undefined);
  if (/^\/v1\.0\/(?:applications|users)$/u.test(path))
    for (const id of [made['id'], made['appId']])
      if (id) ownership.claim(text(id) ?? '', text(body['displayName']) ?? '');
  if (path === '/v1.0/servicePrincipals') ownership.claim(text(made['id']) ?? '', text(body['appId']) ?? '');
  const principal = principalOf(body);
  if (principal !== undefined) ownership.claim(path, principal);
}

function principalOf(body: Body): string | undefined {
  return text((body['properties'] as Body | undefined)?.['principalId']);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function bodyOf(body: unknown): Body {
  return typeof body === 'string' && body !== '' ? (JSON.parse(body) as Body) : {};
}

function refused(request: PipelineRequest, status: number): PipelineResponse {
  const headers = createHttpHeaders({ 'content-type': 'application/json' });
  return {
    request,
    status,
    headers,
    bodyAsText: JSON.stringify({ error: { code: 'Broken', message: 'By the test.' } }),
  };
}

function cut(request: PipelineRequest): RestError {
  return new RestError('Broken by the test.', { code: RestError.REQUEST_SEND_ERROR, request });
}

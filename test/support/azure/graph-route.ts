import { randomUUID } from 'node:crypto';

import { ApiError, pageOf, type Call, type Json, type Reply } from './http.ts';
import type { World } from './state.ts';
import type { Caller } from './tokens.ts';

export interface GraphRequest {
  readonly world: World;
  readonly call: Call;
  readonly caller: Caller;
  readonly groups: Readonly<Record<string, string | undefined>>;
}

export interface GraphRoute {
  readonly method: string;
  /** Over the path behind `/v1.0`. */
  readonly pattern: RegExp;
  /** Application permissions, any of which will do. */
  readonly permissions: readonly string[] | ((request: GraphRequest) => readonly string[]);
  /** The same again, asked besides. */
  readonly alsoPermissions?: readonly string[];
  readonly handle: (request: GraphRequest) => Reply;
}

/** A list with the properties of `$select`, each row as the documentation shows it. */
export function listReply({ world, call }: GraphRequest, name: string, rows: readonly Json[]): Reply {
  const page = pageOf(
    call,
    rows.map((row) => selected(call, row)),
    world.behaviour.pageSize,
    '@odata.nextLink',
  );
  return { status: 200, body: { '@odata.context': `${call.url}/v1.0/$metadata#${name}`, ...page } };
}

export function entityReply({ call }: GraphRequest, name: string, row: Json): Reply {
  return {
    status: 200,
    body: { '@odata.context': `${call.url}/v1.0/$metadata#${name}/$entity`, ...selected(call, row) },
  };
}

function selected(call: Call, row: Json): Json {
  const names = call.query
    .get('$select')
    ?.split(',')
    .map((name) => name.trim());
  if (!names) return row;
  return Object.fromEntries(Object.entries(row).filter(([name]) => name.startsWith('@') || names.includes(name)));
}

/** Rows for which all of `$filter` holds: comparisons, `startswith`, and `any` over a list of texts, joined by `and`. */
export function filtered(call: Call, rows: readonly Json[]): Json[] {
  const terms = (call.query.get('$filter') ?? '').split(/\s+and\s+/iu).filter(Boolean);
  const tests = terms.map(testOf);
  return rows.filter((row) => tests.every((test) => test(row)));
}

function testOf(term: string): (row: Json) => boolean {
  const [, list, wanted] = /^\s*([\w/]+)\/any\(\s*\w+\s*:\s*\w+ eq '([^']*)'\s*\)\s*$/iu.exec(term) ?? [];
  if (list) return (row) => (valueAt(row, list) as unknown[] | undefined)?.includes(wanted) ?? false;
  const [, beginning, start = ''] = /^\s*startswith\(([\w/]+),\s*'([^']*)'\)\s*$/iu.exec(term) ?? [];
  if (beginning) return (row) => String(valueAt(row, beginning)).toLowerCase().startsWith(start.toLowerCase());
  const anyPath = /^\s*(\w+)\/any\(\s*(\w+)\s*:\s*\2\/(\w+) eq '([^']*)'\s*\)\s*$/iu.exec(term);
  if (anyPath) {
    const [, rows = '', , property = '', value] = anyPath;
    return (row) => ((row[rows] ?? []) as Json[]).some((one) => one[property] === value);
  }
  const [, path, operator = '', value = ''] = /^\s*([\w/]+) (eq|ne|ge|gt|le|lt) '?([^']*)'?\s*$/iu.exec(term) ?? [];
  if (!path) throw new ApiError(400, 'BadRequest', `Invalid filter clause: ${term}`);
  return (row) => compare(valueAt(row, path), operator.toLowerCase(), value);
}

function valueAt(row: Json, path: string): unknown {
  return path.split('/').reduce<unknown>((at, name) => (at as Json | null | undefined)?.[name], row);
}

function compare(actual: unknown, operator: string, value: string): boolean {
  const [left, right] = [String(actual).toLowerCase(), value.toLowerCase()];
  if (operator === 'eq') return left === right;
  if (operator === 'ne') return left !== right;
  const difference = Date.parse(left) - Date.parse(right);
  if (operator.startsWith('g')) return operator === 'ge' ? difference >= 0 : difference > 0;
  return operator === 'le' ? difference <= 0 : difference < 0;
}

export function notFound(id: string): ApiError {
  return new ApiError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'Request_BadRequest', message);
}

export function denied(): ApiError {
  return new ApiError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
}

export interface AuditTarget {
  readonly id: string;
  readonly displayName: string;
  readonly type: 'User' | 'ServicePrincipal' | 'Application';
  readonly userPrincipalName?: string;
}

/** What was changed, by whom. https://learn.microsoft.com/graph/api/resources/directoryaudit */
export function recordAudit(
  { world, call, caller }: GraphRequest,
  activityDisplayName: string,
  target: AuditTarget,
  changed: Readonly<Record<string, unknown>> = {},
): void {
  const at = world.clock();
  const app = world.servicePrincipals.get(caller.objectId);
  const user = world.users.get(caller.objectId);
  const body = {
    id: `Directory_${randomUUID()}`,
    category: target.type === 'User' ? 'UserManagement' : 'ApplicationManagement',
    correlationId: randomUUID(),
    result: 'success',
    resultReason: '',
    activityDisplayName,
    activityDateTime: at.toISOString(),
    loggedByService: 'Core Directory',
    operationType: 'Update',
    initiatedBy: {
      user: user
        ? {
            id: user.id,
            displayName: user.displayName,
            userPrincipalName: user.userPrincipalName,
            ipAddress: call.sourceIpAddress,
          }
        : null,
      app: app
        ? { appId: app.appId, displayName: app.displayName, servicePrincipalId: app.id, servicePrincipalName: null }
        : null,
    },
    targetResources: [
      {
        id: target.id,
        displayName: target.displayName,
        type: target.type,
        userPrincipalName: target.userPrincipalName ?? null,
        groupType: null,
        modifiedProperties: Object.entries(changed).map(([displayName, value]) => ({
          displayName,
          oldValue: null,
          newValue: JSON.stringify(value),
        })),
      },
    ],
    additionalDetails: [],
  };
  world.audits.push({ atMs: at.getTime(), body });
}

import { belowScope, type ArmRequest, type ArmRoute } from './arm-route.ts';
import { isAllowed } from './rbac.ts';
import { ApiError, recordOf, textOf, type Json, type Reply } from './http.ts';
import type { DiagnosticSetting } from './state.ts';

const SETTINGS = String.raw`/providers/Microsoft\.Insights/diagnosticSettings`;

/** Where a subscription's logs are sent: an intruder deletes these first. https://learn.microsoft.com/rest/api/monitor/diagnostic-settings */
export const DIAGNOSTIC_SETTINGS_ROUTES: readonly ArmRoute[] = [
  {
    method: 'GET',
    pattern: belowScope(SETTINGS),
    action: 'Microsoft.Insights/diagnosticSettings/read',
    handle: ({ world, call }) => {
      const below = `${call.path.toLowerCase()}/`;
      const rows = [...world.diagnosticSettings].filter(([key]) => key.startsWith(below));
      return { status: 200, body: { value: rows.map(([, one]) => bodyOf(one)) } };
    },
  },
  {
    method: 'GET',
    pattern: belowScope(`${SETTINGS}/(?<name>[^/]+)`),
    action: 'Microsoft.Insights/diagnosticSettings/read',
    handle: get,
  },
  {
    method: 'PUT',
    pattern: belowScope(`${SETTINGS}/(?<name>[^/]+)`),
    action: 'Microsoft.Insights/diagnosticSettings/write',
    handle: (request) => {
      const { world, call, groups } = request;
      const properties = recordOf(call.body['properties']);
      requireLinks(request, properties);
      const one = { id: call.path, name: groups['name'] ?? '', properties };
      world.diagnosticSettings.set(call.path.toLowerCase(), one);
      return { status: 200, body: bodyOf(one) };
    },
  },
  {
    method: 'DELETE',
    pattern: belowScope(`${SETTINGS}/(?<name>[^/]+)`),
    action: 'Microsoft.Insights/diagnosticSettings/delete',
    handle: ({ world, call }) => ({ status: world.diagnosticSettings.delete(call.path.toLowerCase()) ? 200 : 204 }),
  },
];

/** What Azure asks for at what a setting sends to, by the property that names it. */
const LINKS: Readonly<Record<string, string>> = {
  workspaceId: 'Microsoft.OperationalInsights/workspaces/sharedKeys/action',
  storageAccountId: 'Microsoft.Storage/storageAccounts/listKeys/action',
  eventHubAuthorizationRuleId: 'Microsoft.EventHub/namespaces/authorizationRules/listkeys/action',
};

function requireLinks({ world, call, caller }: ArmRequest, properties: Json): void {
  for (const [name, action] of Object.entries(LINKS)) {
    const linked = textOf(properties[name]);
    if (linked === undefined || isAllowed(world, caller.objectId, action, linked)) continue;
    throw new ApiError(
      403,
      'LinkedAuthorizationFailed',
      `The client '${caller.appId}' with object id '${caller.objectId}' has permission to perform action 'Microsoft.Insights/diagnosticSettings/write' on scope '${call.path}'; however, it does not have permission to perform action '${action}' on the linked scope(s) '${linked}' or the linked scope(s) are invalid.`,
    );
  }
}

function get({ world, call }: ArmRequest): Reply {
  const one = world.diagnosticSettings.get(call.path.toLowerCase());
  if (one) return { status: 200, body: bodyOf(one) };
  throw new ApiError(404, 'ResourceNotFound', `The diagnostic setting '${call.path}' was not found.`);
}

function bodyOf({ id, name, properties }: DiagnosticSetting): Json {
  return { id, name, type: 'Microsoft.Insights/diagnosticSettings', location: 'global', properties };
}

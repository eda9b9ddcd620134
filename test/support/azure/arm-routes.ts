import { ACTIVITY_LOG_ROUTES, recordActivity } from './activity-log.ts';
import { AUTHORIZATION_ROUTES } from './arm-authorization.ts';
import { RESOURCE_ROUTES } from './arm-resources.ts';
import type { ArmRequest } from './arm-route.ts';
import { DIAGNOSTIC_SETTINGS_ROUTES } from './diagnostic-settings.ts';
import { lockOn } from './locks.ts';
import { ApiError, type Call, type Reply } from './http.ts';
import { PIM_ROUTES } from './pim.ts';
import { isAllowed, scopesUpwards } from './rbac.ts';
import type { World } from './state.ts';
import type { Caller } from './tokens.ts';

/** Those of resources stand last: their patterns take any provider's name. */
const ROUTES = [
  ...AUTHORIZATION_ROUTES,
  ...PIM_ROUTES,
  ...ACTIVITY_LOG_ROUTES,
  ...DIAGNOSTIC_SETTINGS_ROUTES,
  ...RESOURCE_ROUTES,
];

/** Azure Resource Manager, role assignments asked at every call. `undefined` if the path is none of its own. */
export function answerArm(world: World, original: Call, callerOf: () => Promise<Caller>): Promise<Reply> | undefined {
  if (!/^\/(subscriptions|providers)(\/|$)/iu.test(original.path)) return undefined;
  return callerOf().then((caller) => answer(world, { ...original, path: plainScope(original.path) }, caller));
}

/** Examples of the documentation write a subscription's scope this longer way too. */
function plainScope(path: string): string {
  return path.replace(/^\/providers\/Microsoft\.Subscription(?=\/subscriptions\/)/iu, '');
}

function answer(world: World, call: Call, caller: Caller): Reply {
  for (const route of ROUTES) {
    const match = route.method === call.method && route.pattern.exec(call.path);
    if (!match) continue;
    const groups = match.groups ?? {};
    const request: ArmRequest = { world, call, caller, groups, scope: groups['scope'] || '/' };
    const action = typeof route.action === 'function' ? route.action(request) : route.action;
    return logged(request, action, () => {
      requireSubscription(request);
      if (!route.open?.(request)) authorize(request, action);
      requireUnlocked(request);
      return route.handle(request);
    });
  }
  throw new ApiError(404, 'NotFound', `The double of Azure Resource Manager knows no ${call.method} ${call.path}.`);
}

function logged(request: ArmRequest, action: string, act: () => Reply): Reply {
  try {
    const reply = act();
    recordActivity(request, action, reply);
    return reply;
  } catch (error) {
    if (error instanceof ApiError) recordActivity(request, action, error.reply);
    throw error;
  }
}

function requireSubscription({ world, scope }: ArmRequest): void {
  const id = /^\/subscriptions\/([^/]+)/iu.exec(scope)?.[1];
  if (id && scopesUpwards(world, scope).length === 0)
    throw new ApiError(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`);
}

function requireUnlocked({ world, call, scope }: ArmRequest): void {
  const lock = lockOn(world, scope, call.method);
  if (!lock) return;
  const verb = call.method === 'DELETE' ? 'delete' : 'write';
  throw new ApiError(
    409,
    'ScopeLocked',
    `The scope '${call.path}' cannot perform ${verb} operation because following scope(s) are locked: '${lock.scope}'. Please remove the lock and try again.`,
  );
}

function authorize({ world, caller, scope }: ArmRequest, action: string): void {
  if (isAllowed(world, caller.objectId, action, scope)) return;
  const client = caller.userPrincipalName ?? caller.appId;
  throw new ApiError(
    403,
    'AuthorizationFailed',
    `The client '${client}' with object id '${caller.objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

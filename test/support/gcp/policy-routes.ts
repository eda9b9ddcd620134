import { isGranted } from './access.ts';
import { GoogleError } from './google-error.ts';
import { jsonOf, textOf, type Json } from './json.ts';
import { currentBindings, deltasBetween, setPolicy, shownPolicy } from './policies.ts';
import { param, type Call, type Route, type Target } from './route.ts';
import { ACCOUNT, accountTarget, IAM } from './service-accounts.ts';
import { containerOf } from './state.ts';

export const RESOURCE_MANAGER = 'cloudresourcemanager.googleapis.com';
export const CONTAINER = String.raw`(?<collection>organizations|folders|projects)/(?<id>[^/:]+)`;
const TYPES: Record<string, string> = { organizations: 'Organization', folders: 'Folder', projects: 'Project' };

/** One that isn't there is refused like one that may not be seen. */
export function containerTarget(call: Call): Target {
  const collection = param(call, 'collection');
  const asked = `${collection}/${param(call, 'id')}`;
  const name = containerOf(call.state, asked)?.name ?? asked;
  const kind = collection.slice(0, -1);
  const labels = { [`${kind}_id`]: name.slice(collection.length + 1) };
  return { name, type: `${RESOURCE_MANAGER}/${TYPES[collection]}`, monitored: { type: kind, labels } };
}

interface PolicyOwner {
  readonly path: string;
  readonly service: string;
  readonly target: Route['target'];
  readonly permission: (call: Call, verb: string) => string;
  readonly methodName: (verb: 'Get' | 'Set') => string;
}

const OWNERS: readonly PolicyOwner[] = [
  {
    path: `/v3/${CONTAINER}`,
    service: RESOURCE_MANAGER,
    target: containerTarget,
    permission: (call, verb) => `resourcemanager.${param(call, 'collection')}.${verb}`,
    methodName: (verb) => `${verb}IamPolicy`,
  },
  {
    path: ACCOUNT,
    service: IAM,
    target: accountTarget,
    permission: (_call, verb) => `iam.serviceAccounts.${verb}`,
    methodName: (verb) => `google.iam.admin.v1.${verb}IAMPolicy`,
  },
];

/** Resource Manager takes the version in the body, IAM in the query. */
function requestedVersion({ body, query }: Call): number {
  const asked = jsonOf(body['options'])['requestedPolicyVersion'] ?? query.get('options.requestedPolicyVersion');
  return Number(asked ?? 1);
}

function set(call: Call, { name }: Target): Json {
  const { state, body } = call;
  const before = state.policies.get(name);
  const old = before ? currentBindings(before) : [];
  setPolicy(state, name, jsonOf(body['policy']), textOf(body['updateMask']));
  const after = state.policies.get(name);
  call.audited['request'] = {
    '@type': 'type.googleapis.com/google.iam.v1.SetIamPolicyRequest',
    resource: name,
    ...body,
  };
  call.audited['serviceData'] = {
    '@type': 'type.googleapis.com/google.iam.v1.logging.AuditData',
    policyDelta: { bindingDeltas: deltasBetween(old, after ? currentBindings(after) : []) },
  };
  const shown = shownPolicy(state, name, 3);
  call.audited['response'] = { '@type': 'type.googleapis.com/google.iam.v1.Policy', ...shown };
  return shown;
}

/** Answers whoever asks, with those of the asked permissions that the caller holds. */
function test({ state, caller, body }: Call, target: Target): Json {
  const { permissions } = body;
  if (!Array.isArray(permissions)) throw new GoogleError('INVALID_ARGUMENT', 'No permissions were given to test.');
  const held = permissions.map(String).filter((one) => isGranted(state, caller, one, target));
  return held.length > 0 ? { permissions: held } : {};
}

export const POLICIES: readonly Route[] = OWNERS.flatMap(({ path, service, target, permission, methodName }) => [
  {
    method: 'POST',
    path: new RegExp(`^${path}:getIamPolicy$`),
    service,
    methodName: methodName('Get'),
    permission: (call: Call) => permission(call, 'getIamPolicy'),
    log: 'data_access',
    target,
    answer: (call: Call, { name }: Target) => shownPolicy(call.state, name, requestedVersion(call)),
  },
  {
    method: 'POST',
    path: new RegExp(`^${path}:setIamPolicy$`),
    service,
    methodName: methodName('Set'),
    permission: (call: Call) => permission(call, 'setIamPolicy'),
    log: 'activity',
    target,
    answer: set,
  },
  {
    method: 'POST',
    path: new RegExp(`^${path}:testIamPermissions$`),
    service,
    methodName: 'TestIamPermissions',
    target,
    answer: test,
  },
]);

import { expect } from 'vitest';

import { canonicalJson } from '../../../src/domain/canonical.ts';
import type { ActivityFacts, IdentityChange } from '../../../src/domain/evidence.ts';
import type { JsonObject, JsonValue } from '../../../src/domain/json.ts';
import type { PlannedCall } from '../../../src/domain/plan.ts';
import { permissionOfCall } from '../../../src/providers/gcp/calls.ts';
import { createGcpProvider } from '../../../src/providers/gcp/index.ts';
import { buildStage, CASE } from '../../providers/gcp/stage.ts';
import type { FaultKind } from '../../support/gcp/faults.ts';
import type { GcpDouble, RecordedRequest } from '../../support/gcp/index.ts';
import { LATE_MS, type ActionWorld, type WriteFault } from './action.contract.ts';

const KINDS: Readonly<Record<WriteFault, FaultKind>> = {
  throttled: '429',
  unavailable: '503',
  denied: '403',
  conflict: '409',
  gone: '404',
  cut: 'drop-before',
  lost: 'drop-after',
  late: 'delay',
};
/** Posted too, and only reads. */
const READS = /:(?:getIamPolicy|testIamPermissions|list)(?:\?|$)/u;
const SINK = { destination: 'storage.googleapis.com/shop-audit', filter: 'severity>=NOTICE' };
const ON_OTHERS = ['disable-created-keys', 'remove-granted-bindings', 'restore-log-sinks'];
const COLLEAGUE = 'user:colleague@example.com';

/** A shop whose deployer is suspected, and has done what the actions are against. */
export async function gcpWorld(rightsFor: readonly string[]): Promise<ActionWorld> {
  const stage = await buildStage({ enabled: rightsFor });
  const { gcp, provider, deployer, billing, shop, organization, member, cordonEmail } = stage;
  gcp.bind(organization, 'roles/browser', member);
  const { private_key_id: keyId } = await gcp.addKey(billing.email);
  const granted = ['roles/viewer', 'roles/editor'].map((role) => ({
    role,
    member: 'user:mallory@example.net',
    condition: null,
  }));
  for (const one of granted) gcp.bind(shop, one.role, one.member);
  const activity = changed([
    ['CreateServiceAccountKey', `//iam.googleapis.com/${billing.name}`, { details: { keyId } }],
    ['SetIamPolicy', `//cloudresourcemanager.googleapis.com/${shop}`, { details: { granted } }],
    ['DeleteSink', `//logging.googleapis.com/${shop}/sinks/audit`, { before: SINK }],
  ]);
  let from = 0;
  const own = () => gcp.requests.slice(from).filter(({ caller }) => caller === cordonEmail);
  return {
    provider,
    accountId: deployer.accountId,
    choose(id, callTimeoutMs) {
      const [request] = provider.propose(deployer, activity, CASE, [id]).requests;
      const { actions } = callTimeoutMs ? createGcpProvider({ ...stage.settings, callTimeoutMs }) : provider;
      const action = actions[id];
      if (!request || !action) throw new Error(`no ${id}`);
      return { action, request };
    },
    snapshot: async () => gcp.snapshot(),
    forgetCalls: () => void (from = gcp.requests.length),
    writes: () =>
      own()
        .filter(({ method, path }) => method !== 'GET' && !READS.test(path))
        .map(asPlanned),
    permissionsUsed: () =>
      own().flatMap(({ method, path }) => permissionOfCall({ method, url: `${gcp.url}${path}` }) ?? []),
    asMade: (calls) => calls.map(sorted),
    wrongTargets: (id) => [
      '//iam.googleapis.com/projects/shop-prod/serviceAccounts/*',
      `//iam.googleapis.com/projects/other-shop/serviceAccounts/${deployer.name}`,
      '//logging.googleapis.com/projects/other-shop/sinks/audit',
      `//cloudresourcemanager.googleapis.com/${shop}#user:neighbour@example.com`,
      // Of what the suspect left on others, another account is a target like any.
      ...(ON_OTHERS.includes(id) ? [] : [`//iam.googleapis.com/${billing.name}`]),
      'principal://goog/subject/alice@example.com',
    ],
    breakWrites(fault) {
      gcp.faults.clear();
      if (fault)
        gcp.faults.add({
          match: /^(?:POST|PUT|PATCH|DELETE) (?!\/token)(?!.*:(?:getIamPolicy|testIamPermissions|list)(?:\?|$))/u,
          kind: KINDS[fault],
          times: 100,
          delayMs: LATE_MS,
        });
    },
    compete: () => competing(gcp),
    remove: async ({ target }) => gcp.removeServiceAccount(target.split('/').at(-1) ?? ''),
    stop: () => gcp.stop(),
  };
}

type Changed = readonly [eventName: string, target: string, told: Partial<IdentityChange>];

/** As the log would tell it. */
function changed(changes: readonly Changed[]): ActivityFacts {
  const changesByPrincipal = changes.map(([eventName, target, told]) => ({
    eventName,
    target,
    at: '',
    denied: false,
    ...told,
  }));
  return { changesByPrincipal, assumedRoles: [], around: {} } as unknown as ActivityFacts;
}

function competing(gcp: GcpDouble): () => boolean {
  let resource: string | undefined;
  gcp.faults.interfere(({ path }) => {
    const [, written] = /^\/v\d\/(.*):setIamPolicy$/u.exec(path) ?? [];
    if (resource === undefined && written !== undefined) {
      resource = written;
      gcp.bind(written, 'roles/browser', COLLEAGUE);
    }
    return undefined;
  });
  return () => {
    const { policies } = JSON.parse(gcp.snapshot()) as { policies: Record<string, unknown> };
    return resource !== undefined && JSON.stringify(policies[resource]).includes(COLLEAGUE);
  };
}

/** A request in the words of a plan, which has of a policy what changes: the rest goes back as it was read. */
function asPlanned({ method, path, body, bindingDeltas }: RecordedRequest): PlannedCall {
  const { pathname, searchParams } = new URL(path, 'http://double');
  const name = decodeURIComponent(pathname).replace(/^\/v\d\//u, '');
  const [resource = '', verb] = name.split(':');
  const [parent = '', sink] = resource.split(/\/sinks\/?/u);
  if (sink !== undefined)
    return { service: 'logging', ...sinkCall(method, parent, sink, searchParams, body as JsonObject) };
  if (verb !== 'setIamPolicy') {
    const kind = resource.includes('/keys/') ? 'keys.' : '';
    return {
      service: 'iam',
      operation: `projects.serviceAccounts.${kind}${verb}`,
      parameters: { name: resource, ...body },
    };
  }
  const { policy, ...rest } = body as { readonly policy: JsonObject };
  const { version = null, etag, bindings, ...others } = policy;
  expect({ etag: Boolean(etag), whole: Array.isArray(bindings), others, rest }).toEqual({
    etag: true,
    whole: true,
    others: {},
    rest: { updateMask: 'bindings,etag' },
  });
  const service = resource.includes('/serviceAccounts/') ? 'iam' : 'cloudresourcemanager';
  const parameters = { resource, version, bindingDeltas: bindingDeltas ?? null } as JsonObject;
  return sorted({ service, operation: 'setIamPolicy', parameters });
}

function sinkCall(method: string, parent: string, sink: string, query: URLSearchParams, requestBody: JsonObject) {
  const chosen = Object.fromEntries([...query].map(([key, value]) => [key, value === 'true' ? true : value]));
  const sinkName = `${parent}/sinks/${sink}`;
  if (method === 'POST') return { operation: 'sinks.create', parameters: { parent, ...chosen, requestBody } };
  if (method === 'DELETE') return { operation: 'sinks.delete', parameters: { sinkName } };
  return { operation: 'sinks.update', parameters: { sinkName, ...chosen, requestBody } };
}

/** Changes of one policy have no order. */
function sorted(call: PlannedCall): PlannedCall {
  const { bindingDeltas, ...parameters } = call.parameters;
  if (!Array.isArray(bindingDeltas)) return call;
  const order = (one: JsonValue) => canonicalJson({ one });
  const deltas: readonly JsonValue[] = bindingDeltas;
  const inOrder = deltas.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  return { ...call, parameters: { ...parameters, bindingDeltas: inOrder } };
}

import { buildStage, chosen, grantToNeighbour, writes } from '../../providers/azure/stage.ts';
import type { FaultKind } from '../../support/azure/index.ts';
import { actionContract, type ActionWorld, type WriteFault } from './action.contract.ts';
import { UNDER_CONTRACT } from './actions.ts';

const KINDS: Readonly<Record<WriteFault, FaultKind>> = {
  throttled: '429',
  unavailable: '500',
  denied: '403',
  conflict: '409',
  cut: 'drop-before',
  lost: 'drop-after',
};

async function world(rightsFor: readonly string[]): Promise<ActionWorld> {
  const stage = await buildStage(rightsFor);
  await grantToNeighbour(stage);
  const { azure, provider, settings } = stage;
  let from = 0;
  return {
    provider,
    accountId: settings.tenantId,
    choose: (id) => chosen(stage, id),
    snapshot: async () => withoutTimes(azure.snapshot()),
    forgetCalls: () => void (from = azure.requests.length),
    writes: () => asCompared(writes(stage, from)),
    // Azure tells which permission a call wanted only when it refuses.
    permissionsUsed: () =>
      azure.requests.slice(from).flatMap(({ status, method, path }) => (status === 403 ? [`${method} ${path}`] : [])),
    asMade: asCompared,
    wrongTargets: (_, { accountId }) => [
      `/tenants/${accountId}/users/*`,
      `/tenants/${accountId}/servicePrincipals/${crypto.randomUUID()}`,
      `/tenants/${crypto.randomUUID()}/servicePrincipals/${stage.pipeline.uniqueId}`,
      stage.subscription,
    ],
    breakWrites(fault) {
      azure.faults.clear();
      if (fault)
        azure.faults.add({ match: /^(?:POST|PUT|PATCH|DELETE) (?!.*\/oauth2\/)/u, kind: KINDS[fault], times: 100 });
    },
    stop: () => azure.stop(),
  };
}

/** A password is nobody's to know, and the keys of a body have no order. */
function asCompared(calls: readonly unknown[]): readonly unknown[] {
  return JSON.parse(JSON.stringify(calls).replaceAll(/"password":"[^"]*"/gu, '"password":"-"')) as unknown[];
}

/** When a session was revoked or a password set differs from try to try. */
function withoutTimes(snapshot: unknown): unknown {
  return JSON.parse(
    JSON.stringify(snapshot, (key, value: unknown) =>
      ['sessionsValidFromMs', 'lastPasswordChangeMs', 'passwordHash', 'password'].includes(key) ? undefined : value,
    ),
  );
}

actionContract('azure', UNDER_CONTRACT.azure, world);

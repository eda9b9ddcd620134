import { createAzureProvider } from '../../../src/providers/azure/index.ts';
import { buildStage, chosen, deleteSetting, grantToNeighbour, writes } from '../../providers/azure/stage.ts';
import type { FaultKind } from '../../support/azure/index.ts';
import { actionContract, LATE_MS, type ActionWorld, type WriteFault } from './action.contract.ts';
import { UNDER_CONTRACT } from './actions.ts';

const KINDS: Readonly<Record<WriteFault, FaultKind>> = {
  throttled: '429',
  unavailable: '500',
  denied: '403',
  conflict: '409',
  gone: '404',
  cut: 'drop-before',
  lost: 'drop-after',
  late: 'delay',
};

async function world(rightsFor: readonly string[], id: string): Promise<ActionWorld> {
  const stage = await buildStage(rightsFor);
  const { azure, provider, settings } = stage;
  await grantToNeighbour(stage);
  if (id === 'restore-diagnostic-settings') await deleteSetting(stage);
  let from = 0;
  return {
    provider,
    accountId: settings.tenantId,
    choose: (wanted, callTimeoutMs) =>
      chosen(
        callTimeoutMs ? { ...stage, provider: createAzureProvider({ ...settings, callTimeoutMs }) } : stage,
        wanted,
      ),
    snapshot: async () => withoutTimes(azure.snapshot()),
    forgetCalls: () => void (from = azure.requests.length),
    writes: () => asCompared(writes(stage, from)),
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
        azure.faults.add({
          match: /^(?:POST|PUT|PATCH|DELETE) (?!.*\/oauth2\/)/u,
          kind: KINDS[fault],
          times: 100,
          delayMs: LATE_MS,
        });
    },
    stop: () => azure.stop(),
  };
}

/** A password is nobody's to know, and the keys of a body have no order. */
function asCompared(calls: readonly unknown[]): readonly unknown[] {
  return JSON.parse(JSON.stringify(calls).replaceAll(/"password":"[^"]*"/gu, '"password":"-"')) as unknown[];
}

/** When sessions were revoked or a password set differs from try to try: what counts is that it was. */
function withoutTimes(snapshot: unknown): unknown {
  return JSON.parse(
    JSON.stringify(snapshot, (key, value: unknown) => {
      if (['sessionsValidFromMs', 'lastPasswordChangeMs'].includes(key)) return Number(value) > 0;
      return ['passwordHash', 'password'].includes(key) ? undefined : value;
    }),
  );
}

actionContract('azure', UNDER_CONTRACT.azure, world);

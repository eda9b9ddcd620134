import { permissionOfCall } from '../../../src/providers/gcp/calls.ts';
import type { FaultKind } from '../../support/gcp/faults.ts';
import { buildStage, CASE } from '../../providers/gcp/stage.ts';
import { actionContract, type ActionWorld, type WriteFault } from './action.contract.ts';

const KINDS: Readonly<Record<WriteFault, FaultKind>> = {
  throttled: '429',
  unavailable: '503',
  denied: '403',
  conflict: '409',
  cut: 'drop-before',
  lost: 'drop-after',
};
/** Posted too, and only reads. */
const READS = /:(?:getIamPolicy|testIamPermissions|list)(?:\?|$)/u;

async function world(rightsFor: readonly string[]): Promise<ActionWorld> {
  const { gcp, provider, deployer, billing, cordonEmail } = await buildStage({ enabled: rightsFor });
  let from = 0;
  const own = () => gcp.requests.slice(from).filter(({ caller }) => caller === cordonEmail);
  return {
    provider,
    accountId: deployer.accountId,
    choose(id) {
      const [request] = provider.propose(deployer, null, CASE, [id]).requests;
      const action = provider.actions[id];
      if (!request || !action) throw new Error(`no ${id}`);
      return { action, request };
    },
    snapshot: async () => gcp.snapshot(),
    forgetCalls: () => void (from = gcp.requests.length),
    writes: () =>
      own()
        .filter(({ method, path }) => method !== 'GET' && !READS.test(path))
        .map(({ path }) => path.replace(/^\/v\d\//u, '')),
    permissionsUsed: () =>
      own().flatMap(({ method, path }) => permissionOfCall({ method, url: `${gcp.url}${path}` }) ?? []),
    asMade: (calls) =>
      calls.map(({ operation, parameters }) => {
        const { name, resource } = parameters as { name?: string; resource?: string };
        return `${name ?? resource}:${operation.split('.').at(-1)}`;
      }),
    wrongTargets: () => [
      '//iam.googleapis.com/projects/shop-prod/serviceAccounts/*',
      `//iam.googleapis.com/projects/other-shop/serviceAccounts/${deployer.name}`,
      `//iam.googleapis.com/projects/shop-prod/serviceAccounts/${billing.email}`,
      'principal://goog/subject/alice@example.com',
    ],
    breakWrites(fault) {
      gcp.faults.clear();
      if (fault)
        gcp.faults.add({
          match: /^(?:POST|PUT|PATCH|DELETE) (?!\/token)(?!.*:(?:getIamPolicy|testIamPermissions|list)(?:\?|$))/u,
          kind: KINDS[fault],
          times: 100,
        });
    },
    stop: () => gcp.stop(),
  };
}

const exact = { reversible: true, alreadySoAfterwards: true, repeatable: true };

// restore-log-sinks has its own: it is about what the suspect did to the log, which each of its tests does first.
actionContract(
  'gcp',
  ['disable-service-account-keys', 'disable-service-account', 'remove-iam-bindings'].map((id) => ({ id, ...exact })),
  world,
);

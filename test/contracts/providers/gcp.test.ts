import type { ActivityFacts, ChangeDetails } from '../../../src/domain/evidence.ts';
import { permissionOfCall } from '../../../src/providers/gcp/calls.ts';
import type { FaultKind } from '../../support/gcp/faults.ts';
import type { KeyFile } from '../../support/gcp/index.ts';
import { buildStage, CASE } from '../../providers/gcp/stage.ts';
import { actionContract, type ActionWorld, type WriteFault } from './action.contract.ts';
import { UNDER_CONTRACT } from './actions.ts';

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

const LEFT_ON_OTHERS = ['disable-created-keys', 'remove-granted-bindings'];
const GIVEN = [
  { role: 'roles/viewer', member: 'user:mallory@example.net', condition: null },
  { role: 'roles/owner', member: 'user:eve@example.net', condition: null },
];

/** As the log would tell that the suspect made a key for another account, and gave roles to strangers. */
function leftBehind({ private_key_id: keyId }: KeyFile, email: string): ActivityFacts {
  const change = (eventName: string, target: string, details: ChangeDetails) => ({
    eventName,
    target,
    details,
    at: '',
    denied: false,
  });
  const account = `//iam.googleapis.com/projects/shop-prod/serviceAccounts/${email}`;
  const changesByPrincipal = [
    change('CreateServiceAccountKey', account, { keyId }),
    change('SetIamPolicy', '//cloudresourcemanager.googleapis.com/projects/shop-prod', { granted: GIVEN }),
  ];
  return { changesByPrincipal, assumedRoles: [], around: {} } as unknown as ActivityFacts;
}

async function world(rightsFor: readonly string[]): Promise<ActionWorld> {
  const { gcp, provider, deployer, billing, shop, cordonEmail } = await buildStage({ enabled: rightsFor });
  const activity = leftBehind(await gcp.addKey(billing.email), billing.email);
  for (const { role, member } of GIVEN) gcp.bind(shop, role, member);
  let from = 0;
  const own = () => gcp.requests.slice(from).filter(({ caller }) => caller === cordonEmail);
  return {
    provider,
    accountId: deployer.accountId,
    choose(id) {
      const [request] = provider.propose(deployer, activity, CASE, [id]).requests;
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
    wrongTargets: (id) => [
      '//iam.googleapis.com/projects/shop-prod/serviceAccounts/*',
      `//iam.googleapis.com/projects/other-shop/serviceAccounts/${deployer.name}`,
      // Of what the suspect left on others, another account is a target like any.
      ...(LEFT_ON_OTHERS.includes(id)
        ? []
        : [`//iam.googleapis.com/projects/shop-prod/serviceAccounts/${billing.email}`]),
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

actionContract('gcp', UNDER_CONTRACT.gcp, world);

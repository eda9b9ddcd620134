import { CLOUD_TITLES } from '../../src/cli/clouds.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { Cloud } from '../../src/domain/cloud.ts';
import { CLOUDS } from '../../src/domain/cloud.ts';
import type { ActionRequest } from '../../src/domain/plan.ts';
import type { Principal } from '../../src/domain/principal.ts';
import type { Action, Permission, Provider } from '../../src/providers/port.ts';
import { exampleAws } from './examples/aws.ts';
import { exampleAzure, SUBSCRIPTION, TENANT } from './examples/azure.ts';
import { exampleGcp } from './examples/gcp.ts';
import { AWS_PRINCIPALS, AZURE_PRINCIPALS, everythingDone, GCP_PRINCIPALS } from './examples/suspects.ts';

/** A cloud as the reference shows it: all from its provider, so that a new action is in it. */
export interface CloudReference {
  readonly cloud: Cloud;
  readonly title: string;
  /** In the order of safety. */
  readonly actions: readonly Action[];
  readonly evidence: readonly Permission[];
  readonly defaults: readonly string[];
  /** One of each kind. */
  readonly principals: readonly Principal[];
  /** Each action that a containment of the principal may consist of, for a suspect who did all that an action answers. */
  actionsFor(principal: Principal): readonly Action[];
  /** What all of them together leave standing. */
  caveatsFor(principal: Principal): readonly string[];
  preflight(action: Action): ReturnType<Action['preflight']>;
}

/** The compiler asks for a new cloud. */
const PROVIDERS: Readonly<Record<Cloud, (example: ActionRequest) => Provider>> = {
  aws: exampleAws,
  azure: exampleAzure,
  gcp: exampleGcp,
};

const PRINCIPALS: Readonly<Record<Cloud, readonly Principal[]>> = {
  aws: Object.values(AWS_PRINCIPALS),
  azure: Object.values(AZURE_PRINCIPALS),
  gcp: Object.values(GCP_PRINCIPALS),
};

const DEFAULTS = configSchema.parse({
  azure: { tenantId: TENANT, subscriptions: [SUBSCRIPTION] },
  gcp: { projects: ['example-project'] },
});

export const CLOUD_REFERENCES: readonly CloudReference[] = CLOUDS.map((cloud) => {
  const principals = PRINCIPALS[cloud];
  const providerFor = PROVIDERS[cloud];
  const provider = providerFor(anyRequest(principals));
  const ids = Object.keys(provider.actions);
  const propose = (principal: Principal, enabled: readonly string[]) =>
    provider.propose(principal, everythingDone(principal), 'ca_0123456789abcdef', enabled);
  return {
    cloud,
    title: CLOUD_TITLES[cloud],
    actions: Object.values(provider.actions),
    evidence: provider.evidencePermissions,
    defaults: DEFAULTS[cloud]?.actions ?? [],
    principals,
    // One by one, since of two that exclude each other only one is proposed.
    actionsFor: (principal) =>
      Object.values(provider.actions).filter(({ id }) => propose(principal, [id]).requests.length > 0),
    caveatsFor: (principal) => propose(principal, ids).caveats,
    preflight({ id, example }) {
      const action = providerFor(example).actions[id];
      if (!action) throw new Error(`The provider of ${cloud} has no action ${id}.`);
      return action.preflight(example);
    },
  };
});

/** A provider is made for a request; that of the facts asks nothing. */
function anyRequest([principal]: readonly Principal[]): ActionRequest {
  if (!principal) throw new Error('A cloud needs an example of a principal.');
  const { cloud, accountId } = principal;
  return { action: '', cloud, accountId, principal, target: '', parameters: {} };
}

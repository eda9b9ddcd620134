import type { ActionDefinition } from '../../action-definition.ts';
import type { GcpClients } from '../clients.ts';
import type { GcpSettings } from '../settings.ts';

export { changeEach, example, read, type ActionFacts } from '../../action-definition.ts';

export type GcpActionDefinition = ActionDefinition<GcpClients, GcpSettings>;

/** For examples; no project has it. */
export const EXAMPLE_ACCOUNT = {
  cloud: 'gcp',
  kind: 'service-account',
  accountId: 'example-project',
  name: 'ci-deployer@example-project.iam.gserviceaccount.com',
  uniqueId: '100000000000000000001',
} as const;

import type { ApprovalVerifier } from '../approval/port.ts';
import type { Config } from '../config/schema.ts';
import type { Cloud } from '../domain/cloud.ts';
import type { Providers } from '../providers/port.ts';
import type { Store } from '../store/port.ts';

export interface ContainmentDependencies {
  readonly config: Pick<Config, 'mode' | 'protected' | 'budget' | 'approval' | 'assessment' | Cloud>;
  readonly store: Pick<Store, 'alerts' | 'plans' | 'ledger' | 'budget' | 'killSwitch'>;
  readonly providers: Providers;
  readonly verifier: ApprovalVerifier;
  readonly now: () => Date;
}

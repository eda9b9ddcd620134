import type { RequestListener } from 'node:http';

import type { DecisionGateway } from '../approval/gateway.ts';
import type { Config } from '../config/schema.ts';
import type { CaseClient, SweepClient } from '../contracts/case-client.ts';
import type { Logger } from '../runtime/logger.ts';
import type { SourceName } from '../sources/names.ts';
import type { Store } from '../store/port.ts';

/** Resolved: the configuration only names them. */
export interface ServerSecrets {
  /** HMAC secret or bearer token of every source that the configuration lists. */
  readonly sources: { readonly [Name in SourceName]?: string };
  /** Bearer token by approver id, for every approver that has one. */
  readonly approvers: Readonly<Record<string, string>>;
}

export interface ServerDependencies {
  readonly config: Pick<Config, 'sources' | 'approvers'> & {
    readonly aws: Pick<Config['aws'], 'deleteKeysAfterDays'>;
  };
  readonly secrets: ServerSecrets;
  readonly store: Store;
  readonly cases: CaseClient;
  readonly sweeps: SweepClient;
  readonly gateway: DecisionGateway;
  readonly logger: Logger;
  readonly version: string;
  /** A listener that reads the raw body itself, for example Slack's receiver. */
  readonly mounted?: { readonly path: string; readonly handler: RequestListener };
  readonly now?: () => Date;
}

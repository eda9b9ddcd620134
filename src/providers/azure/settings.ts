export interface AzureSettings {
  /** Directory (tenant) id. */
  readonly tenantId: string;
  /** Ids of the subscriptions whose role assignments and activity logs are worked on. */
  readonly subscriptions: readonly string[];
  /** Base URLs without a path. */
  readonly endpoints: { readonly authority: string; readonly resourceManager: string; readonly graph: string };
  /** How late the activity log may be: younger than this, its silence proves nothing. Seconds. */
  readonly logDelaySeconds: number;
  /** How long a change of a role assignment may take to bind. Seconds. */
  readonly propagationSeconds: number;
  /** Role name to role name: which one takes the place of a broad one at the same scope. */
  readonly tightenTo: Readonly<Record<string, string>>;
  /** Absent: the SDK's own chain (environment, workload identity, managed identity of the machine). */
  readonly credentials?: { readonly clientId: string; readonly clientSecret: string };
  /** PEM of a certificate authority to trust besides the system's; for tests within one process. */
  readonly certificateAuthority?: string;
  /** Milliseconds that one try of a call may take; 4000 if absent. */
  readonly callTimeoutMs?: number;
  /** The machine's clock if absent. */
  readonly now?: () => Date;
}

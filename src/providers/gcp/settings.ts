export interface GcpSettings {
  /** Ids of the projects whose service accounts, bindings and logs are worked on; their ancestors are looked up. */
  readonly projects: readonly string[];
  /** Another endpoint for every service and for tokens, for tests. */
  readonly endpoint?: string;
  /** How late the audit log may be: younger than this, its silence proves nothing. Seconds. */
  readonly logDelaySeconds: number;
  /** How long a change of a policy may take to bind. Seconds. */
  readonly propagationSeconds: number;
  /** Absent: application default credentials (environment, workload identity, service account of the machine). */
  readonly credentials?: {
    readonly client_email: string;
    readonly private_key: string;
    readonly private_key_id?: string;
  };
  /** Milliseconds that one try of a call may take; 4000 if absent. */
  readonly callTimeoutMs?: number;
  /** The machine's clock if absent. */
  readonly now?: () => Date;
}

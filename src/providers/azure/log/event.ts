/** One entry of the activity log, the sign-in log or the directory audit, as far as it matters here. Absent texts are empty. */
export interface LogEvent {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /**
   * Lower case, service first: `microsoft.compute:virtualmachines/read`, `entra:sign-in`, `entra:add-owner-to-application`.
   */
  readonly api: string;
  readonly address: string;
  readonly userAgent: string;
  readonly resourceGroup: string;
  /** What was changed: a resource id, or the object id in the directory. */
  readonly target: string;
  /** Id of the secret or certificate that was signed in with. */
  readonly keyId: string;
  readonly outcome: 'succeeded' | 'denied' | 'failed';
  /** It changed something; reads and sign-ins did not. */
  readonly write: boolean;
}

/** A part of a log: `cut` where the budget of pages ended before the log did, so that something may be missing. */
export interface FoundEvents {
  readonly events: readonly LogEvent[];
  readonly cut: boolean;
}

/** Each event once, oldest first. */
export function merge(parts: readonly FoundEvents[]): FoundEvents {
  const byId = new Map(parts.flatMap(({ events }) => events.map((event) => [event.id, event])));
  return {
    events: [...byId.values()].toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)),
    cut: parts.some(({ cut }) => cut),
  };
}

/** OData takes a quotation mark doubled. */
export const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

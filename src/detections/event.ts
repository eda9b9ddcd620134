/** A CloudTrail record, the parsed `CloudTrailEvent` of LookupEvents or a line of a log file; only what is read is named. */
export interface CloudTrailEvent {
  readonly eventID?: string;
  /** ISO 8601, UTC, whole seconds. */
  readonly eventTime: string;
  readonly eventName: string;
  readonly eventSource: string;
  readonly awsRegion: string;
  readonly sourceIPAddress?: string;
  readonly userIdentity?: { readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** Sigma names a nested field with dots, for example `userIdentity.arn`. Undefined where any part is missing. */
export function fieldOf(event: CloudTrailEvent, path: string): unknown {
  let value: unknown = event;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** One entry of a cloud's audit log as its reader gives it; which fields it has, its `LogSource` names. */
export interface LogEvent {
  readonly [field: string]: unknown;
}

/** Sigma names a nested field with dots, for example `userIdentity.arn`. Undefined where any part is missing. */
export function fieldOf(event: LogEvent, path: string): unknown {
  let value: unknown = event;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** The first of the fields that holds a text. */
export function textOf(event: LogEvent, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const value = fieldOf(event, path);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** Everything that a live run makes is named so; 8 hex digits are its start in seconds since 1970, so that a name tells its age. */
const NAME = /cordon-live-([0-9a-f]{8})-/u;

export interface Run {
  /** `cordon-live-<8 hex>-` */
  readonly prefix: string;
}

export function newRun(now = new Date()): Run {
  const seconds = Math.floor(now.getTime() / 1000);
  return { prefix: `cordon-live-${seconds.toString(16).padStart(8, '0')}-` };
}

/** For a process that was told which run it belongs to. */
export function runOf(prefix: string): Run {
  if (!new RegExp(`^${NAME.source}$`, 'u').test(prefix)) throw new Error(`${prefix} is not the prefix of a live run.`);
  return { prefix };
}

/** When the run that the name belongs to began; null for whatever is not of a live run. */
export function startOf(name: string): Date | null {
  const seconds = NAME.exec(plain(name))?.[1];
  return seconds === undefined ? null : new Date(Number.parseInt(seconds, 16) * 1000);
}

/** Roles of Google Cloud can't have a hyphen in their names. */
export function plain(name: string): string {
  return name.replaceAll('_', '-');
}

import { describeError } from '../failures.ts';

export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do about it; with every warning and failure. */
  readonly remedy?: string;
}

export interface Check {
  readonly name: string;
  /** When it throws or is late, this is what to do. */
  readonly remedy: string;
  readonly run: () => Promise<readonly Finding[]>;
}

const LIMIT_MS = 15_000;

/** Never throws: a check that could not be made has failed. */
export async function outcome({ name, remedy, run }: Check, limitMs = LIMIT_MS): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await withoutFailure({ name, remedy }, () => Promise.race([run(), late]));
  } finally {
    clearTimeout(timer);
  }
}

export async function withoutFailure(
  { name, remedy }: { readonly name: string; readonly remedy: string },
  run: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await run();
  } catch (error) {
    return [{ check: name, status: 'failed', detail: describeError(error), remedy }];
  }
}

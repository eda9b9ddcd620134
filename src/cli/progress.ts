import { note } from './terminal.ts';

const SILENT_MS = 2_000;
const EVERY_MS = 5_000;

/** Says on standard error what is being waited for, once it takes longer than two seconds. */
export async function withProgress<Value>(what: string, work: Promise<Value>): Promise<Value> {
  const started = performance.now();
  let timer = setTimeout(function tell() {
    note(`${what} … ${Math.round((performance.now() - started) / 1000)} s`);
    timer = setTimeout(tell, EVERY_MS);
    timer.unref();
  }, SILENT_MS);
  timer.unref();
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

import { createInterface } from 'node:readline/promises';

import { RefusedError, UsageError } from '../failures.ts';

/** True on a terminal where a person can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Only the word `yes` is a yes; end of input and Ctrl-C are a no. */
export async function confirm(question: string): Promise<void> {
  if (!canAsk())
    throw new UsageError('This is not a terminal, so nobody can be asked. With --yes it is done without asking.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  terminal.once('close', () => ended.abort());
  try {
    const answer = await terminal.question(`${question} Type yes: `, { signal: ended.signal });
    if (answer.trim().toLowerCase() === 'yes') return;
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  } finally {
    terminal.close();
  }
  throw new RefusedError('Nothing was sent.');
}

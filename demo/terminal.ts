import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

import { canAsk } from '../src/cli/case/confirm.ts';
import { inertLines } from '../src/cli/terminal.ts';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'cyan';

/** What the person sees: numbered steps with their time. Refuses to show a secret that it was told of. */
export class Terminal {
  readonly #secrets = new Set<string>();
  readonly #startedMs = performance.now();

  keepSecret(...secrets: readonly string[]): void {
    for (const secret of secrets) if (secret !== '') this.#secrets.add(secret);
  }

  /** Throws when the text holds a secret. */
  checked(text: string): string {
    for (const secret of this.#secrets) {
      if (text.includes(secret)) throw new Error('A secret would have been shown; nothing was printed.');
    }
    return text;
  }

  say(text = '', style?: Style): void {
    const safe = this.checked(inertLines(text));
    process.stdout.write(`${style ? styleText(style, safe, { stream: process.stdout }) : safe}\n`);
  }

  /** One of several stories. */
  title(text: string): void {
    this.say();
    this.say(`${text}  (${this.elapsed()})`, 'cyan');
  }

  heading(number: number, title: string): void {
    this.say();
    this.say(`${number}. ${title}  (${this.elapsed()})`, 'bold');
  }

  note(text: string): void {
    this.say(`   ${text}`);
  }

  /** What another program printed, set apart. */
  quote(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.say(`   │ ${line}`.trimEnd());
  }

  command(words: readonly string[]): void {
    this.say(`   $ cordon ${words.join(' ')}`, 'cyan');
  }

  elapsed(): string {
    return `${((performance.now() - this.#startedMs) / 1000).toFixed(1)} s`;
  }

  /** True for y or yes; anything else, end of input and Ctrl-C are a no. */
  async ask(question: string): Promise<boolean> {
    if (!canAsk()) return false;
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    const ended = new AbortController();
    terminal.once('close', () => ended.abort());
    try {
      const answer = await terminal.question(`\n   ${question} [y/N] `, { signal: ended.signal });
      return /^y(?:es)?$/iu.test(answer.trim());
    } catch (error) {
      if (!ended.signal.aborted) throw error;
      return false;
    } finally {
      terminal.close();
    }
  }
}

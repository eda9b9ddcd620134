/** A rule that can't be used as it is written. For its author: which file, which part, and what is possible. */
export class RuleError extends Error {
  constructor(file: string, where: string, what: string) {
    super(`${file}: ${where}: ${what}`);
    this.name = 'RuleError';
  }
}

/** Says what is wrong with one part of a rule; the file and the title are known where it was made. */
export type Refuse = (where: string, what: string) => RuleError;

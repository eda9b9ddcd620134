export interface Attributes {
  readonly timeMs: number;
  readonly name: string;
  readonly type: string;
}

const CLAUSES: readonly { form: RegExp; holds: (argument: string, attributes: Attributes) => boolean }[] = [
  {
    form: /^request\.time\s*<\s*timestamp\((["'])(.+)\1\)$/,
    holds: (until, { timeMs }) => timeMs < Date.parse(until),
  },
  { form: /^resource\.name\.startsWith\((["'])(.+)\1\)$/, holds: (prefix, { name }) => name.startsWith(prefix) },
  { form: /^resource\.type\s*==\s*(["'])(.+)\1$/, holds: (wanted, { type }) => type === wanted },
];

/** The corner of IAM's condition language that this double speaks; `unsupported` for all else, which must grant nothing. */
export function evaluate(expression: string, attributes: Attributes): boolean | 'unsupported' {
  const answers = expression.split('&&').map((text) => {
    const clause = text.trim();
    const known = CLAUSES.find(({ form }) => form.test(clause));
    const argument = known?.form.exec(clause)?.[2];
    // One greedy argument would swallow an `||` or a second call.
    if (!known || argument === undefined || /["']/.test(argument)) return 'unsupported';
    return known.holds(argument, attributes);
  });
  if (answers.includes('unsupported')) return 'unsupported';
  return answers.every((answer) => answer === true);
}

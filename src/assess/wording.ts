/** `1 call`, `31 calls`, `2 addresses`. */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith('s') ? `${noun}es` : `${noun}s`}`;
}

/** Names out of a log are an attacker's text: one line, bounded, at most three of them. */
export function named(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).map((name) => inert(name));
  const rest = names.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

const CONTROLS_AND_BIDI = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export function inert(text: string, most = 120): string {
  const line = text.replace(CONTROLS_AND_BIDI, ' ');
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

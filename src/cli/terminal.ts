import { styleText } from 'node:util';

/** Control, format (bidirectional, zero-width, tag), line-separating and private characters, and halves of surrogate pairs. */
const ALIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

/**
 * Text from outside (titles, names, reasons, errors of a server) as one line that can't move the cursor, recolour the terminal,
 * reverse its reading direction or hide anything: each such character is spelled out, for example `\x1b`.
 */
export function inert(text: string): string {
  return text.replace(ALIVE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** The same for text whose lines are our own. */
export function inertLines(text: string): string {
  return text.split('\n').map(inert).join('\n');
}

/** JSON of the same value, safe to look at: what `JSON.stringify` leaves alive stands as `\uXXXX`. */
export function inertJson(value: unknown, indent = 2): string {
  return (JSON.stringify(value, null, indent) ?? 'null').replace(ALIVE, (character) =>
    character === '\n'
      ? character
      : Array.from(
          { length: character.length },
          (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
        ).join(''),
  );
}

/** Columns as wide as their widest cell; every cell is made inert. `headings` may be left out. */
export function table(rows: readonly (readonly string[])[], headings?: readonly string[]): string {
  const cells = [...(headings ? [headings] : []), ...rows].map((row) => row.map(inert));
  const widths = cells.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(cell.length, widest[column] ?? 0)),
    [],
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

type Colour = 'green' | 'yellow' | 'red';

/** Only on a terminal, and not under NO_COLOR. Applied after `inert`, to words of our own. */
export function colour(name: Colour, text: string): string {
  return styleText(name, text, { stream: process.stdout });
}

export function writeLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** For people who watch; never part of what a program reads. */
export function note(text: string): void {
  process.stderr.write(`${inertLines(text)}\n`);
}

/** First lines of every generated page: what it is, and where to change it. */
export function page(title: string, from: string, ...parts: readonly string[]): string {
  const notice = `<!-- Made by \`npm run generate\` from ${from}; edit that, not this page. -->`;
  return `${[`# ${title}`, notice, ...parts].join('\n\n')}\n`;
}

export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

export function code(language: string, text: string): string {
  return ['```' + language, text.trimEnd(), '```'].join('\n');
}

export function inlineCode(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node } from 'yaml';

export interface Position {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export type PropertyPath = readonly (string | number)[];

/** What stands in a file, with the place of everything in it. */
export interface ConfigDocument {
  readonly data: unknown;
  /** Place of the value at `path` (of its key, when `part` is `key`); of the nearest thing around it when it is absent. */
  position(path: PropertyPath, part?: 'key' | 'value'): Position;
}

export interface SyntaxProblem {
  readonly position: Position;
  readonly message: string;
}

/** The plain part of YAML 1.2: one document, no repeated keys, no anchors, no tags. What a reader sees is what counts. */
export function parseConfigDocument(text: string): ConfigDocument | readonly SyntaxProblem[] {
  const lineCounter = new LineCounter();
  // Without the pretty form, whose excerpt of the file could show a secret that was put there by mistake.
  const document = parseDocument(text, { version: '1.2', prettyErrors: false, uniqueKeys: true, lineCounter });
  const placed = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  // A tag that the schema doesn't know is only a warning of the parser.
  const problems = [...document.errors, ...document.warnings].map((error): SyntaxProblem => ({
    position: placed(error.pos[0]),
    message: plain(error.code, error.message),
  }));
  for (const { node, message } of indirections(document)) {
    problems.push({ position: placed(node.range?.[0] ?? 0), message });
  }
  if (problems.length > 0) return problems.toSorted((a, b) => a.position.line - b.position.line);
  return {
    data: document.toJS({ maxAliasCount: 0 }) ?? {},
    position: (path, part = 'value') => placed(offsetOf(document.contents, path, part)),
  };
}

function plain(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'this key already stands in the same mapping';
  if (code === 'MULTIPLE_DOCS') return 'one file holds one document';
  if (code === 'TAG_RESOLVE_FAILED') return 'tags (`!…`) have no meaning here';
  return `is not YAML: ${message}`;
}

function indirections(document: Document): readonly { readonly node: Node; readonly message: string }[] {
  const found: { node: Node; message: string }[] = [];
  visit(document, {
    Node(_key, node) {
      if (isAlias(node))
        found.push({ node, message: 'aliases (`*name`) are refused: write the value where it counts' });
      else if (node.anchor !== undefined) found.push({ node, message: 'anchors (`&name`) are refused' });
      else if (node.tag !== undefined && node.tag.startsWith('!')) {
        found.push({ node, message: 'tags (`!…`) have no meaning here' });
      }
    },
    Pair(_key, pair) {
      if (isScalar(pair.key) && typeof pair.key.value !== 'string') {
        found.push({ node: pair.key, message: 'a key is a word; put it in quotes' });
      } else if (isMap(pair.key) || isSeq(pair.key)) {
        found.push({ node: pair.key, message: 'a key is a word, not a list or a mapping' });
      }
    },
  });
  return found;
}

function offsetOf(contents: unknown, path: PropertyPath, part: 'key' | 'value'): number {
  let node = contents;
  let offset = rangeStart(contents) ?? 0;
  for (const [index, segment] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === segment);
      if (!pair) return offset;
      const key = rangeStart(pair.key);
      const value = rangeStart(pair.value);
      // A missing part of a mapping is reported at the mapping's key: the mapping itself begins with an unrelated line.
      offset = (index === path.length - 1 && part === 'value' && !isMap(pair.value) ? value : key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(segment)];
      if (item === undefined) return offset;
      offset = rangeStart(item) ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  const range = (node as { range?: readonly number[] | null } | null)?.range;
  return range?.[0];
}

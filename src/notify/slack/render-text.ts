import type { Block } from './message.ts';
import { inert } from './inert-text.ts';

/**
 * A message as a person reads it, for a terminal: the blocks in order, buttons in brackets. Inert once more, because a
 * terminal obeys control characters that Slack ignores.
 */
export function renderAsText(blocks: readonly Block[]): string {
  return blocks.map(renderBlock).join('\n');
}

function renderBlock(block: Block): string {
  switch (block.type) {
    case 'header': {
      const title = lines(block.text.text);
      return `${title}\n${'='.repeat(Math.min(title.length, 100))}`;
    }
    case 'section':
      return `\n${lines(block.text?.text ?? '')}`;
    case 'context':
      return block.elements.map((element) => ('text' in element ? lines(readDates(element.text)) : '')).join('  ');
    case 'divider':
      return `\n${'-'.repeat(60)}`;
    case 'actions':
      return `\n${block.elements.map((element) => ('text' in element && element.text ? `[ ${lines(element.text.text)} ]` : '')).join('  ')}`;
    default:
      throw new Error(`A message of Cordon has no block of type ${block.type}; teach renderAsText to show it.`);
  }
}

/** Slack's date token shows its fallback here: the time in UTC. */
function readDates(text: string): string {
  return text.replace(/<!date\^\d+\^[^|>]*\|([^>]*)>/gu, '$1');
}

function lines(text: string): string {
  return text.split('\n').map(inert).join('\n');
}

import type { types } from '@slack/bolt';

import { cut } from './inert-text.ts';

export type Block = types.KnownBlock;
export type PlainText = types.PlainTextElement;

/** What a message consists of: `text` is the notification and the fallback, `blocks` what is shown. */
export interface SlackMessageBody {
  readonly text: string;
  readonly blocks: Block[];
}

/** https://docs.slack.dev/reference/block-kit: characters, unless a name says otherwise. */
export const LIMITS = {
  blocks: 50,
  section: 3_000,
  header: 150,
  contextText: 2_000,
  value: 2_000,
  text: 3_000,
} as const;

/** `emoji: false` keeps `:shortcodes:` as they were written. Slack refuses an empty text, so it becomes a dash. */
export function plain(text: string, most: number): PlainText {
  return { type: 'plain_text', text: cut(text, most) || '–', emoji: false };
}

export function header(text: string): Block {
  return { type: 'header', text: plain(text, LIMITS.header) };
}

export function section(text: string): Block {
  return { type: 'section', text: plain(text, LIMITS.section) };
}

export function context(...texts: string[]): Block {
  return { type: 'context', elements: texts.map((text) => plain(text, LIMITS.contextText)) };
}

export const divider: Block = { type: 'divider' };

/**
 * A titled list in one section. What doesn't fit is counted and the reader is sent to the case; nothing is left out silently.
 * Lines must be inert already.
 */
export function list(title: string, lines: readonly string[], caseId: string, most: number = LIMITS.section): Block {
  const closing = (left: number) => `… ${left} more, see the case: ${showCommand(caseId)}`;
  const reserve = closing(lines.length).length + 1;
  const shown: string[] = [];
  let length = title.length;
  for (const line of lines) {
    const room = most - length - reserve - 3;
    if (room < 80 && line.length > room) break;
    const item = `• ${cut(line, room)}`;
    shown.push(item);
    length += item.length + 1;
  }
  const left = lines.length - shown.length;
  return section([title, ...shown, ...(left > 0 ? [closing(left)] : [])].join('\n'));
}

export function showCommand(caseId: string): string {
  return `cordon case show ${caseId}`;
}

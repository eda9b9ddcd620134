import type { SlackMessageBody } from '../../src/notify/slack/message.ts';
import { blockKitFault } from '../support/processes/block-kit-limits.ts';

type Json = Record<string, unknown>;

/** Slack refuses blocks with more text than about this (`msg_blocks_too_long`); it is not documented as a number. */
const MOST_CHARACTERS = 13_000;
const DATE_TOKEN = /^[\w :.,]*<!date\^\d+\^\{date_short_pretty\} \{time\}\|[\d :-]+ UTC>[\w :.,]*$/u;

/** All that the real Slack would refuse in a message, or that would come alive in it. */
export function messageFaults(message: SlackMessageBody): string[] {
  const fault = blockKitFault('chat.postMessage', { blocks: message.blocks });
  const texts = textsOf(message.blocks);
  const characters = texts.reduce((sum, { text }) => sum + String(text['text']).length, 0);
  return [
    ...(fault === undefined ? [] : [fault]),
    ...(characters > MOST_CHARACTERS ? [`${characters} characters of text`] : []),
    ...texts.flatMap(({ text, path }) => textFaults(text, path)),
    ...fallbackFaults(message.text),
  ];
}

const CONFIRM_LIMITS: readonly (readonly [RegExp, number])[] = [
  [/confirm\.title$/u, 100],
  [/confirm\.text$/u, 300],
  [/confirm\.(confirm|deny)$/u, 30],
];
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

function textFaults(text: Json, path: string): string[] {
  const value = String(text['text']);
  if (text['type'] === 'mrkdwn')
    return DATE_TOKEN.test(value) ? [] : [`${path} is markup other than our date: ${value}`];
  const most = CONFIRM_LIMITS.find(([where]) => where.test(path))?.[1] ?? Infinity;
  return [
    ...(value.length > most ? [`${path} has ${value.length} characters`] : []),
    ...(text['emoji'] === false ? [] : [`${path} turns shortcodes into emoji`]),
    ...(/[<>]|:\/\//u.test(value) ? [`${path} has a live link or mention: ${value}`] : []),
    ...(INVISIBLE.test(value.replaceAll('\n', '')) ? [`${path} has characters that can't be seen`] : []),
  ];
}

function fallbackFaults(text: string): string[] {
  return [
    ...(text === '' ? ['the notification is empty'] : []),
    ...(/[<>@*_~`\n]|:\/\/|&(?!amp;)|\w\.[a-z]/iu.test(text) ? [`the notification has something live: ${text}`] : []),
    ...(INVISIBLE.test(text) ? ["the notification has characters that can't be seen"] : []),
  ];
}

function textsOf(value: unknown, path = 'blocks'): { text: Json; path: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const here = value as Json;
  if ((here['type'] === 'plain_text' || here['type'] === 'mrkdwn') && 'text' in here) return [{ text: here, path }];
  return Object.entries(here).flatMap(([key, inner]) => textsOf(inner, `${path}.${key}`));
}

import { isIP } from 'node:net';

import ipaddr from 'ipaddr.js';

/**
 * Everything in an alert is chosen by an attacker or passed through by someone who trusted one. These are the only ways by
 * which a value of a body becomes a value of an `Alert`.
 */

/** Controls, bidi and zero-width characters, tags, lone surrogates, private use, line separators: nothing a reader can see. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** What a SIEM sends when its template found no value: `$result.user$` and words for nothing; `{{user}}` and the like below. */
const NOTHING = /^(?:\$[\w.]+\$|null|undefined|n\/a|none|-)$/iu;
const TEMPLATES = [
  ['{{', '}}'],
  ['${', '}'],
  ['<no value', '>'],
] as const;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/u;
const DAY_MS = 24 * 60 * 60 * 1000;
/** AWS opened in 2006. */
const OLDEST_MS = Date.parse('2006-01-01T00:00:00Z');

/** One line for people, at most `most` characters, with an ellipsis where it was cut. */
export function inertText(text: string, most: number): string {
  // A character is at most two units, so the slice bounds the work without changing the result.
  const visible = text
    .slice(0, most * 4)
    .replace(/\s+/gu, ' ')
    .replace(INVISIBLE, '')
    .trim();
  const characters = Array.from(visible);
  const whole = characters.length <= most && text.length <= most * 4;
  return whole ? visible : `${characters.slice(0, most - 1).join('')}…`;
}

/** A field that a template left empty says nothing; it is not evidence of anything, not even of absence. */
export function rendered(text: string | null | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === undefined || trimmed === '' || NOTHING.test(trimmed) || holdsTemplate(trimmed)
    ? undefined
    : trimmed;
}

/** By search, not by pattern: a lazy pattern takes quadratic time on `{{{{{{…`. */
function holdsTemplate(text: string): boolean {
  const lower = text.toLowerCase();
  return TEMPLATES.some(([open, close]) => {
    const start = lower.indexOf(open);
    return start !== -1 && lower.includes(close, start + open.length);
  });
}

/** True when nothing invisible stands in it. An identity is never repaired: `ali<ZWSP>ce` is not alice. */
export function isClean(text: string): boolean {
  return text.search(INVISIBLE) === -1;
}

/** Fit to tell one alert from another as it stands. */
export function isIdentifying(id: string): boolean {
  return isClean(id) && rendered(id) === id;
}

/** Distinct, bounded lines; empty and unrendered ones are dropped. */
export function inertList(texts: readonly string[], mostItems: number, mostCharacters: number): readonly string[] {
  const lines = texts.flatMap((text) => rendered(text) ?? []).map((text) => inertText(text, mostCharacters));
  return [...new Set(lines.filter((line) => line !== ''))].slice(0, mostItems);
}

/** At most 10 addresses in one spelling each. `AWS Internal`, host names and `999.1.1.1` are no addresses and are dropped. */
export function validAddresses(texts: readonly string[]): readonly string[] {
  const addresses = texts
    .map((text) => text.trim())
    // ipaddr.js alone would read `1` and `010.1` as addresses.
    .filter((text) => isIP(text) !== 0 && !text.includes('%'))
    .map((text) => ipaddr.process(text))
    .map((address) => (address.kind() === 'ipv6' ? (address as ipaddr.IPv6).toRFC5952String() : address.toString()));
  return [...new Set(addresses)].slice(0, 10);
}

/**
 * ISO 8601 in UTC, or undefined for what is no time, lies before AWS existed, or more than a day after the receipt: a window
 * around such a time would find an empty log, and an empty log looks innocent.
 */
export function validTime(text: string | null | undefined, receivedAt: Date): string | undefined {
  if (!text || !ISO_TIME.test(text)) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time) || time < OLDEST_MS || time > receivedAt.getTime() + DAY_MS) return undefined;
  return new Date(time).toISOString();
}

/** An https address without credentials, at most 500 characters; anything else is dropped, since a link is a courtesy. */
export function validLink(text: string | null | undefined): string | undefined {
  if (!text || text.length > 500 || !isClean(text) || !URL.canParse(text)) return undefined;
  const { protocol, username, password, href } = new URL(text);
  return protocol === 'https:' && username === '' && password === '' && href.length <= 500 ? href : undefined;
}

/**
 * Alerts and clouds are full of text that an attacker chose. In Slack it may be read, but nothing in it may come alive: no
 * link, mention, emoji, line break, or invisible character that makes a reader see something else than what stands there.
 * Every such text goes through here and then into a `plain_text` object; the exact bytes are in the case, not in Slack.
 */

/** Controls, bidi and zero-width characters, lone surrogates, private use, line separators, and all that is drawn as nothing. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** More combining marks on one letter than any language writes: they climb over the neighbouring lines. */
const STACKED_MARKS = /(\p{M}{3})\p{M}+/gu;
const SHORTCODE = /(?<![\p{L}\p{N}:]):(?=[\p{L}\p{N}_+'-]{1,100}:)/gu;

/** One line of inert text. Links are defanged as analysts write them (`https[:]//`), angle brackets become `‹` and `›`. */
export function inert(text: string): string {
  return text
    .replace(/[\s\p{Zs}]+/gu, ' ')
    .replace(INVISIBLE, '\uFFFD')
    .replace(STACKED_MARKS, '$1')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll('://', '[:]//')
    .replace(/\b(mailto|tel|slack):/giu, '$1[:]')
    .replace(SHORTCODE, '꞉')
    .trim();
}

/**
 * For a message's top-level `text`, which Slack shows in notifications and reads as markup: `&` is escaped as Slack asks, bare
 * domains are broken as well, and the marks of bold, code and strike-through lose their meaning.
 */
export function inertFallback(text: string): string {
  return inert(text)
    .replace(/(?<=[\p{L}\p{N}])\.(?=\p{L})/gu, '[.]')
    .replace(/[*_~`]/gu, ' ')
    .replaceAll('@', '(at)')
    .replaceAll('&', '&amp;');
}

/** Cuts to at most `most` UTF-16 units, as Slack counts, without splitting a character; says so with an ellipsis. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/u, '')}…`;
}

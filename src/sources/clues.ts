import type { PrincipalClue } from '../domain/alert.ts';
import { inertText, isClean, rendered } from './inert-text.ts';

/** The longest ARN that AWS documents. */
export const MOST_CLUE_CHARACTERS = 2048;

/**
 * Clues in the given order, without unrendered ones. One with invisible characters stays, as `other`: repaired it could name
 * someone else, and dropped the remaining ones could look unanimous. Nothing resolves it, so a person looks.
 */
export function cluesOf(
  candidates: readonly (readonly [form: PrincipalClue['form'], value: string | null | undefined])[],
): readonly PrincipalClue[] {
  return candidates.flatMap(([form, value]) => {
    const text = rendered(value);
    if (text === undefined) return [];
    if (isClean(text) && text.length <= MOST_CLUE_CHARACTERS) return [{ form, value: text }];
    return [{ form: 'other' as const, value: `unreadable ${form}: ${inertText(text, 200)}` }];
  });
}

import type { ActivityQuestion } from '../question.ts';
import { counted, named } from '../wording.ts';

export const identityChanges: ActivityQuestion = {
  about: 'activity',
  ask({ changesByPrincipal: by, changesOfPrincipal: of }) {
    if (by.length + of.length === 0) return { answer: 'reassuring', summary: 'No change of keys, policies or trust.' };
    const names = [...new Set([...by, ...of].map(({ eventName }) => eventName))].toSorted();
    const denied = [...by, ...of].filter((change) => change.denied).length;
    return {
      answer: 'suspicious',
      summary: `${counted(by.length, 'change')} by this identity, ${of.length} of it, ${denied} refused: ${named(names)}.`,
    };
  },
};

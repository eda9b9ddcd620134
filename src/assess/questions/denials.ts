import type { ActivityQuestion } from '../question.ts';
import { counted } from '../wording.ts';

/** One or two are a missing permission; an absolute number, since a share shrinks with every further call of an attacker. */
const PROBE = 3;

export const denials: ActivityQuestion = {
  about: 'activity',
  ask({ around, before }) {
    const summary = `${counted(around.denied, 'refused call')} of ${around.calls}; ${before.denied} of ${before.calls} before.`;
    if (around.denied >= PROBE) return { answer: 'suspicious', summary };
    return { answer: around.denied === 0 ? 'reassuring' : 'neutral', summary };
  },
};

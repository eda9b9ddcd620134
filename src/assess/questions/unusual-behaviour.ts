import { isLongTermKey } from '../long-term-keys.ts';
import type { ActivityQuestion } from '../question.ts';
import { counted, named } from '../wording.ts';

/** So many APIs never called before are another kind of work, not another day of the same. */
const DEVIATION_APIS = 5;

export const unusualBehaviour: ActivityQuestion = {
  about: 'activity',
  ask({ around, before }) {
    const usual = new Set(before.apis);
    const fresh = around.apis.filter((api) => !usual.has(api));
    const freshKeys = around.accessKeyIds.filter((id) => isLongTermKey(id) && !before.accessKeyIds.includes(id));
    if (fresh.length < DEVIATION_APIS && freshKeys.length === 0)
      return {
        answer: 'neutral',
        summary: `${counted(fresh.length, 'API')} of ${around.apis.length} not called before.`,
      };
    if (before.calls === 0)
      return { answer: 'unknown', summary: `No earlier calls to compare ${counted(around.apis.length, 'API')} with.` };
    if (before.truncated)
      return { answer: 'unknown', summary: 'Earlier calls were not read to the end, so what is usual is not known.' };
    const keys = freshKeys.length > 0 ? `, ${counted(freshKeys.length, 'key')} not used before` : '';
    return {
      answer: 'suspicious',
      summary: `${counted(fresh.length, 'API')} of ${around.apis.length} not called before${keys}${fresh.length > 0 ? `: ${named(fresh)}` : ''}.`,
    };
  },
};

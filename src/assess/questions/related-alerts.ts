import type { OtherQuestion } from '../question.ts';
import { counted } from '../wording.ts';

export const relatedAlerts: OtherQuestion = {
  about: 'history',
  ask({ history }) {
    if (history.status === 'unknown') return { answer: 'unknown', summary: history.reason };
    const { relatedAlerts: related, openCaseId } = history.facts;
    const openCase = openCaseId === undefined ? '' : ', and an open case';
    if (related.length === 0 && openCaseId === undefined)
      return { answer: 'neutral', summary: 'No other alert on this identity or its addresses.' };
    return {
      answer: 'suspicious',
      summary: `${counted(related.length, 'related alert')} on this identity or its addresses${openCase}.`,
    };
  },
};

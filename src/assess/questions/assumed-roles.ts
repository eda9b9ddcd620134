import type { ActivityQuestion } from '../question.ts';
import { counted, named } from '../wording.ts';

export const assumedRoles: ActivityQuestion = {
  about: 'activity',
  ask({ assumedRoles: assumed, assumedRolesTruncated: isCut, mintedSessions }) {
    const roles = [...new Set(assumed.map(({ roleArn }) => roleArn))].toSorted();
    const minted = `${counted(mintedSessions, 'session')} minted`;
    if (roles.length === 0 && mintedSessions === 0 && isCut)
      return { answer: 'unknown', summary: 'The log was too long to read as far back as sessions live.' };
    if (roles.length === 0 && mintedSessions === 0)
      return { answer: 'reassuring', summary: 'No role assumed, no session minted.' };
    const summary =
      roles.length === 0
        ? `No role assumed, ${minted}`
        : `${counted(roles.length, 'role')} assumed: ${named(roles)}; ${minted}`;
    // A minted session outlives the key that made it, and automation has little use for one.
    return mintedSessions > 0
      ? { answer: 'suspicious', summary: `${summary}, which outlive the key.` }
      : { answer: 'neutral', summary: `${summary}.` };
  },
};

import { canonicalAddress, isAwsSpelling } from '../addresses.ts';
import type { ActivityQuestion } from '../question.ts';
import { counted, named } from '../wording.ts';

export const rareAddress: ActivityQuestion = {
  about: 'activity',
  ask({ around, before }) {
    const addresses = around.addresses.filter((address) => !isAwsSpelling(address));
    if (addresses.length === 0)
      return { answer: 'unknown', summary: 'The log shows no address of the caller, only those of AWS itself.' };
    const usual = new Set(before.addresses.map(spelling));
    const rare = addresses.filter((address) => !usual.has(spelling(address)));
    if (rare.length === 0) return { answer: 'reassuring', summary: `Used before: ${named(addresses)}.` };
    if (before.calls === 0) return { answer: 'unknown', summary: `No earlier calls to compare ${named(rare)} with.` };
    if (before.truncated)
      return {
        answer: 'unknown',
        summary: `Not among the earlier addresses that were read, which are not all: ${named(rare)}.`,
      };
    return {
      answer: 'suspicious',
      summary: `${counted(rare.length, 'address')} not used in ${counted(before.calls, 'earlier call')}: ${named(rare)}.`,
    };
  },
};

function spelling(address: string): string {
  return canonicalAddress(address) ?? address;
}

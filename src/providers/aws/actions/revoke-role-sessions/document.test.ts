import { describe, expect, it } from 'vitest';

import { revokeDocument, revokedUpTo } from './document.ts';

const AT = '2026-01-01T12:00:00.000Z';
const document = revokeDocument('ca_0123', AT);
const changed = (change: (statement: Record<string, unknown>) => void) => {
  const json = JSON.parse(document) as { Statement: Record<string, unknown>[] };
  change(json.Statement[0]!);
  return JSON.stringify(json);
};

describe('revokedUpTo', () => {
  it('reads the time of our own document and of the console', () => {
    expect(revokedUpTo(document)).toBe(Date.parse(AT));
    expect(revokedUpTo(changed((s) => Object.assign(s, { Action: '*', Resource: '*' })))).toBe(Date.parse(AT));
  });

  it.each<[string, string | null]>([
    ['nothing', null],
    ['no JSON', '{'],
    ['an allow', changed((s) => (s['Effect'] = 'Allow'))],
    ['only some actions', changed((s) => (s['Action'] = ['s3:*']))],
    ['only some resources', changed((s) => (s['Resource'] = ['arn:aws:s3:::x']))],
    [
      'another condition besides',
      changed((s) => Object.assign(s['Condition'] as object, { Bool: { 'aws:MultiFactorAuthPresent': 'false' } })),
    ],
    ['no time', changed((s) => (s['Condition'] = { DateLessThan: { 'aws:TokenIssueTime': 'soon' } }))],
  ])('takes %s for no revocation', (_, other) => {
    expect(revokedUpTo(other)).toBeNull();
  });

  it('carries the mark of the case in a Sid that IAM accepts', () => {
    expect(JSON.parse(document).Statement[0].Sid).toBe('Cordonca0123');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readClue } from './clues.ts';

describe('readClue', () => {
  it('lets nothing near a call that is not a plain name or id', () => {
    const hostile = fc.string({ unit: 'binary', maxLength: 80 });
    const framed = fc.oneof(
      hostile,
      hostile.map((text) => `arn:aws:iam::123456789012:user/${text}`),
      hostile.map((text) => `arn:aws:sts::123456789012:assumed-role/${text}/x`),
      hostile.map((text) => `AIDA${text}`),
    );
    fc.assert(
      fc.property(framed, (value) => {
        const lead = readClue({ form: 'other', value });
        const used = Object.entries(lead).filter(
          ([field]) => field === 'name' || field === 'uniqueId' || field === 'accessKeyId',
        );
        for (const [, text] of used) expect(text).toMatch(/^[\w+=,.@-]{1,128}$/u);
      }),
    );
  });

  it.each([
    ['arn:aws:iam::123456789012:user/division/team/alice', { kind: 'user', name: 'alice' }],
    ['arn:aws:sts::123456789012:assumed-role/deploy/i-0abc', { kind: 'role', name: 'deploy', session: 'i-0abc' }],
    ['123456789012', { kind: 'root', accountId: '123456789012' }],
    ['123456789012:visitor', { kind: 'federated', name: 'visitor' }],
    ['AROAEXAMPLE00000:session', { kind: 'unique-id', uniqueId: 'AROAEXAMPLE00000', session: 'session' }],
    ['ASIAEXAMPLE00000', { kind: 'access-key' }],
    ['jane@corp.example', { kind: 'name', name: 'jane@corp.example' }],
    ['arn:aws:sts::123456789012:assumed-role/deploy', { kind: 'unusable' }],
    ['arn:aws:iam::123456789012:user', { kind: 'unusable' }],
    ['arn:aws:iam::123456789012:user/', { kind: 'unusable' }],
    ['arn:aws:iam::123456789012:group/admins', { kind: 'unusable' }],
    ['arn:aws:iam::aws:policy/ReadOnlyAccess', { kind: 'unusable' }],
    ['HIDDEN_DUE_TO_SECURITY_REASONS', { kind: 'unusable' }],
  ])('%s', (value, lead) => {
    expect(readClue({ form: 'other', value })).toMatchObject(lead);
  });

  it('takes no name out of a column of ids', () => {
    expect(readClue({ form: 'access-key-id', value: 'alice' }).kind).toBe('unusable');
    expect(readClue({ form: 'principal-id', value: 'alice' }).kind).toBe('unusable');
  });
});

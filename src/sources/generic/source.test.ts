import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { receive } from '../index.ts';
import { AlertInvalid } from '../invalid.ts';

const RECEIVED = new Date('2026-02-01T00:00:00Z');
const fixture = (file: string) => JSON.parse(readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8'));
const read = (body: unknown) => receive('generic', body, RECEIVED)[0]?.alert;
const smallest = fixture('smallest.json');

describe('the generic format', () => {
  it('keeps every field of the documented example, but no address that is none', () => {
    const body = fixture('discovery-burst.json');
    expect(read(body)).toEqual({
      alertId: expect.stringMatching(/^al_/u),
      source: 'generic',
      sourceAlertId: body.id,
      title: body.title,
      rule: body.rule,
      severity: 'high',
      techniques: ['T1580'],
      cloud: 'aws',
      accountId: '123456789012',
      clues: [
        { form: 'arn', value: body.principal.arn },
        { form: 'user-name', value: 'alice' },
        { form: 'access-key-id', value: 'AKIAIOSFODNN7EXAMPLE' },
        { form: 'principal-id', value: 'AIDACKCEVSQ6C2EXAMPLE' },
      ],
      sourceAddresses: ['203.0.113.7'],
      userAgents: body.userAgents,
      firstSeen: '2026-01-31T23:50:00.000Z',
      lastSeen: '2026-01-31T23:54:30.000Z',
      discovery: body.discovery,
      link: body.link,
      sample: false,
    });
  });

  it('takes no clue from a template that was not rendered', () => {
    const alert = read(fixture('unrendered.json'));
    expect(alert).toMatchObject({
      clues: [{ form: 'access-key-id', value: 'AKIAIOSFODNN7EXAMPLE' }],
      sourceAddresses: [],
      userAgents: [],
    });
    expect(alert).not.toHaveProperty('accountId');
  });

  it('never repairs an identity: an invisible character makes it nobody, not alice', () => {
    expect(read({ ...smallest, principal: { userName: 'ali\u200bce' } })?.clues).toEqual([
      { form: 'other', value: 'unreadable user-name: alice' },
    ]);
  });

  it.each([
    ['/id', { id: '' }],
    ['/id', { id: 'a\u202eb' }],
    ['/id', { id: '{{alert_id}}' }],
    ['/id', { id: 'x'.repeat(257) }],
    ['/title', { title: 7 }],
    ['/severity', { severity: 'HIGH' }],
    ['/techniques/1', { techniques: ['T1580', 'discovery'] }],
    ['/accountId', { accountId: '12345' }],
    ['/acountId', { acountId: '123456789012' }],
    ['/principal/user', { principal: { user: 'alice' } }],
    ['/firstSeen', { firstSeen: 'yesterday' }],
    ['/firstSeen', { firstSeen: '2026-01-31T23:50:00' }],
    ['/firstSeen', { firstSeen: '2036-01-31T23:50:00Z' }],
    ['/lastSeen', { lastSeen: '2026-01-30T00:00:00Z' }],
    ['/discovery/riskScore', { discovery: { ...fixture('discovery-burst.json').discovery, riskScore: 71 } }],
    ['/a~1b~0', { 'a/b~': 1 }],
  ])('names %s', (pointer, change) => {
    expect(problemsOf({ ...smallest, ...change })).toEqual([expect.objectContaining({ pointer })]);
  });

  it('never repeats what stood in a field', () => {
    const told = JSON.stringify(
      problemsOf({ ...smallest, severity: 'EVIL\n', [`\u202eKEY\u0007`]: 1, title: ['EVIL'] }),
    );
    expect(told).not.toMatch(/EVIL|\\u202e|\u202e|\\u0007/u);
  });

  it('drops a link that is not plain https, and bounds the rest', () => {
    for (const link of ['http://a.example', 'javascript:alert(1)', 'https://user:pw@a.example', 'nonsense']) {
      expect(read({ ...smallest, link })).not.toHaveProperty('link');
    }
    const alert = read({
      ...smallest,
      title: 'x'.repeat(3_000),
      sourceAddresses: Array(50)
        .fill(0)
        .map((_, i) => `10.0.0.${i}`),
    });
    expect(alert?.title).toHaveLength(200);
    expect(alert?.sourceAddresses).toHaveLength(10);
  });
});

function problemsOf(body: unknown) {
  try {
    read(body);
  } catch (error) {
    if (error instanceof AlertInvalid) return error.problems;
    throw error;
  }
  throw new Error('was accepted');
}

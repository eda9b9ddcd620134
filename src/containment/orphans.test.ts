import { describe, expect, it } from 'vitest';

import { rollbackKey } from '../approval/digest.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEntry, LedgerEntryType } from '../domain/ledger.ts';
import type { LooseCredential, Mark, MarkReading } from '../domain/orphan.ts';
import type { KnownCase } from './orphans.ts';
import { orphanOfCase, orphanOfCredential, orphanOfMark, orphanOfUnread } from './orphans.ts';

const ALICE = 'arn:aws:iam::123456789012:user/alice';
const BOB = 'arn:aws:iam::123456789012:user/bob';
const CASE = 'ca_0123456789abcdef0123456789abcdef';
const MADE = '2026-01-02T10:00:00.000Z';
const UNDONE = '2026-01-02T12:00:00.000Z';
const READ = '2026-01-03T00:00:00.000Z';

const reading: MarkReading = {
  cloud: 'aws',
  accountId: '123456789012',
  readAt: READ,
  marks: [],
  credentials: [],
  unread: [],
};
const deny: Mark = {
  kind: 'inline policy',
  name: `CordonDeny-${CASE} of ${ALICE}`,
  targets: [ALICE],
  leftBy: ['deny-principal'],
  caseId: CASE,
  trace: `CordonDeny-${CASE}`,
  removal: 'remove it',
};
const policyName = deny.trace;

let sequence = 0;
function entry(type: LedgerEntryType, key: string, body: JsonObject, at = MADE): LedgerEntry {
  sequence += 1;
  return { type, caseId: CASE, key, body, sequence, at, previousHash: '', hash: '' };
}
const intent = (key: string, change: JsonObject = {}, at = MADE) =>
  entry(
    'intent',
    key,
    { request: { action: 'deny-principal', target: ALICE, parameters: { policyName }, ...change } },
    at,
  );
const outcome = (key: string, status = 'applied', result: JsonObject = {}, action = 'deny-principal') =>
  entry('outcome', key, { action, target: ALICE, status, result });
const undone = (key: string, at = UNDONE) => entry('rollback-outcome', rollbackKey(key), { status: 'reverted' }, at);
const known = (...entries: readonly LedgerEntry[]): KnownCase => ({ caseId: CASE, state: 'CLOSED', entries });

const why = (mark: Mark, of: KnownCase | null) => orphanOfMark(mark, of, reading)?.why ?? null;

describe('a mark in a cloud', () => {
  it.each<[string, KnownCase]>([
    ['of a change that stands, though its case is closed', known(intent('1'), outcome('1'))],
    ['of a change that is being made', known(intent('1'))],
    ['made again after a rollback', known(intent('1'), outcome('1'), undone('1'), intent('2'), outcome('2'))],
    [
      'of a change that could not be undone',
      known(intent('1'), outcome('1'), entry('rollback-intent', rollbackKey('1'), {})),
    ],
    [
      'that was put back only just before the read',
      known(intent('1'), outcome('1'), undone('1', '2026-01-02T23:55:00.000Z')),
    ],
  ])('is no orphan: %s', (_, of) => {
    expect(why(deny, of)).toBeNull();
  });

  it.each<[string, KnownCase | null, Partial<Mark>, RegExp]>([
    ['of a case that nobody knows', null, {}, /neither the store nor the ledger/u],
    ['that names no case', null, { caseId: null }, /names no case/u],
    ['of a case that changed nothing', known(), {}, /someone else put it/u],
    ['on another target than the change', known(intent('1'), outcome('1')), { targets: [BOB] }, /someone else/u],
    ['of another kind', known(intent('1'), outcome('1')), { leftBy: ['quarantine-principal'] }, /someone else/u],
    ['under another name', known(intent('1'), outcome('1')), { trace: 'CordonDeny-x' }, /someone else/u],
    ['that the ledger says was not made', known(intent('1'), outcome('1', 'not-made')), {}, /someone else/u],
    ['that was there already when the case came', known(outcome('1', 'already-so')), {}, /someone else/u],
    ['that was rolled back', known(intent('1'), outcome('1'), undone('1')), {}, /rolled back at 2026-01-02T12/u],
  ])('is an orphan: %s', (_, of, change, says) => {
    const found = orphanOfMark({ ...deny, ...change }, of, reading);
    expect(found).toMatchObject({ kind: 'change', name: expect.stringContaining(ALICE) as string });
    expect(found?.why).toMatch(says);
    expect(found?.remedy).toContain('remove it');
    // A case that somebody else named is not written into.
    expect(found?.caseId).toBe(of?.caseId);
  });

  it('is known by what the change made, whatever the case of its letters', () => {
    const id = '/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/r';
    const mark = { ...deny, trace: id.toUpperCase() };
    expect(why(mark, known(intent('1'), outcome('1', 'applied', { created: [{ id }] })))).toBeNull();
    expect(why(mark, known(intent('1'), outcome('1', 'applied', { created: [{ id: `${id}2` }] })))).not.toBeNull();
  });

  it('has the same key in each sweep, and another for another finding', () => {
    const found = (mark: Mark) => orphanOfMark(mark, null, { ...reading, readAt: new Date().toISOString() })?.key;
    expect(found(deny)).toBe(found(deny));
    expect(found({ ...deny, name: 'another' })).not.toBe(found(deny));
  });
});

describe('a credential of an identity that Cordon changed', () => {
  const key = (change: Partial<LooseCredential> = {}): LooseCredential => ({
    kind: 'access key',
    name: 'AKIANEW of alice',
    target: ALICE,
    leftBy: ['rotate-access-key'],
    trace: 'AKIANEW',
    madeAt: '2026-01-02T10:00:05.000Z',
    removal: 'deactivate it',
    ...change,
  });
  const rotated = (id: string) => [
    intent('r', { action: 'rotate-access-key' }),
    outcome('r', 'applied', { accessKeyId: id }, 'rotate-access-key'),
  ];
  const held = known(intent('1'), outcome('1'));

  it.each<[string, LooseCredential, readonly KnownCase[]]>([
    ['made before', key({ madeAt: '2026-01-02T09:59:59.000Z' }), [held]],
    [
      'made after everything was put back',
      key({ madeAt: '2026-01-02T13:00:00.000Z' }),
      [known(...held.entries, undone('1'))],
    ],
    [
      'that was there when its owner was changed',
      key(),
      [
        known(
          intent('1', {}),
          entry('intent', '2', { request: { action: 'x', target: ALICE }, prior: { keys: ['AKIANEW'] } }),
        ),
      ],
    ],
    ['that Cordon made', key(), [known(...held.entries, ...rotated('AKIANEW'))]],
    ['that Cordon made in another case', key(), [held, known(...rotated('AKIANEW'))]],
    [
      'that may be in the making',
      key(),
      [known(...held.entries, intent('r', { action: 'rotate-access-key' }, '2026-01-02T23:59:00.000Z'))],
    ],
    ['of somebody whom no case changed', key({ target: BOB }), [held]],
  ])('is no orphan: %s', (_, credential, of) => {
    expect(orphanOfCredential(credential, of, reading)).toBeNull();
  });

  it.each<[string, readonly KnownCase[]]>([
    ['while Cordon held its owner', [held]],
    ['before the rollback that did not know it', [known(...held.entries, undone('1'))]],
    ['beside the one that Cordon made', [known(...held.entries, ...rotated('AKIAOTHER'))]],
    ['by a try whose answer was lost long ago', [known(...held.entries, intent('r', { action: 'rotate-access-key' }))]],
  ])('is an orphan: made %s', (_, of) => {
    expect(orphanOfCredential(key(), of, reading)).toMatchObject({
      kind: 'credential',
      caseId: CASE,
      remedy: expect.stringContaining('deactivate it') as string,
    });
  });
});

describe('what people are told to do', () => {
  const remedy = (state: Parameters<typeof orphanOfCase>[0]['state'], pulse: 'gone' | 'silent' = 'gone') =>
    orphanOfCase({ caseId: CASE, state, principalKey: 'alice' }, pulse).remedy;

  it('never calls a case contained whose workflow is gone', () => {
    for (const state of ['AWAITING_APPROVAL', 'CONTAINING', 'VERIFYING'] as const)
      expect(remedy(state)).toMatch(/not contained/u);
    expect(remedy('MONITORING')).toMatch(/unwatched/u);
    expect(remedy('CONTAINING', 'silent')).toMatch(/Temporal's UI/u);
  });

  it('is told anew of a place that can not be read', () => {
    const [first, second] = ['2026-01-01', '2026-01-02'].map((at) => orphanOfUnread('aws', 'denied', at).key);
    expect(first).not.toBe(second);
  });
});

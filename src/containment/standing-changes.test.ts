import { describe, expect, it } from 'vitest';

import { idempotencyKey, rollbackKey, roundKey } from '../approval/digest.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEntry, LedgerEntryType } from '../domain/ledger.ts';
import type { ActionRequest, PlannedAction } from '../domain/plan.ts';
import type { Action, Provider } from '../providers/port.ts';
import { changeToUndo, standingChanges, unfinished } from './standing-changes.ts';

const principal = {
  cloud: 'aws',
  kind: 'iam-user',
  accountId: '123456789012',
  name: 'alice',
  arn: 'arn:aws:iam::123456789012:user/alice',
} as const;
const request = (action: string): ActionRequest => {
  const { accountId, arn: target } = principal;
  return { action, cloud: 'aws', accountId, principal, target, parameters: {} };
};
const actions = { keys: {} as Action, sessions: { chosenInPrior: ['olderThan'] } as unknown as Action };
const providers = { aws: { actions } as unknown as Provider };

let sequence = 0;
function entry(type: LedgerEntryType, key: string, body: JsonObject): LedgerEntry {
  sequence += 1;
  return { type, caseId: 'ca_1', key, body, sequence, at: '2026-01-01T00:00:00.000Z', previousHash: '', hash: '' };
}

function applied(action: string, round: number, prior: JsonObject, result: JsonObject): readonly LedgerEntry[] {
  const key = keyOf(action, round);
  const asked = { ...request(action), principal: { ...principal } };
  return [
    entry('intent', key, { title: action, request: asked, prior }),
    entry('outcome', key, { action, target: principal.arn, status: 'applied', result, prior }),
  ];
}

const keyOf = (action: string, round: number) => roundKey(idempotencyKey('ca_1', request(action)), round);
const alreadySo = (action: string, round: number, prior: JsonObject) =>
  entry('outcome', keyOf(action, round), { action, target: principal.arn, status: 'already-so', prior });
const undo = (key: string) => ({ idempotencyKey: rollbackKey(key), title: 'Undo' }) as PlannedAction;

describe('what a case changed in several rounds', () => {
  const first = applied('keys', 1, { active: ['K1'] }, { deactivated: ['K1'], userName: 'alice' });
  const second = applied('keys', 2, { active: ['K2-of-the-adversary'] }, { deactivated: ['K2-of-the-adversary'] });

  it('is one change a target: the state before the first round, the results of all', () => {
    const [change, ...others] = standingChanges([...first, ...second], providers);
    expect(others).toEqual([]);
    expect(change).toMatchObject({
      key: keyOf('keys', 2),
      prior: { active: ['K1'] },
      result: { deactivated: ['K1', 'K2-of-the-adversary'], userName: 'alice' },
    });
  });

  it('is not undone by a rollback that was planned before the last round', () => {
    expect(() => changeToUndo([...first, ...second], undo(keyOf('keys', 1)), providers)).toThrow(/made again since/u);
    expect(changeToUndo([...first, ...second], undo(keyOf('keys', 2)), providers).title).toBe('keys');
  });

  it('has the state of the first round also where nothing was to do in that', () => {
    const [change] = standingChanges([alreadySo('keys', 1, { active: [] }), ...second], providers);
    expect(change?.prior).toEqual({ active: [] });
  });

  it('knows by the newest round what we chose ourselves, and so what we left', () => {
    const one = applied('sessions', 1, { policy: null, olderThan: '10:00' }, { olderThan: '10:00' });
    const two = applied('sessions', 2, { policy: 'ours of 10:00', olderThan: '10:05' }, { olderThan: '10:05' });
    const [change] = standingChanges([...one, ...two], providers);
    expect(change?.prior).toEqual({ policy: null, olderThan: '10:05' });
    expect(change?.result).toEqual({ olderThan: '10:05' });
  });

  it('still stands when a later round found it so, and no more once it is undone', () => {
    const entries = [...first, alreadySo('keys', 2, { active: [] })];
    expect(standingChanges(entries, providers).map(({ key }) => key)).toEqual([keyOf('keys', 1)]);
    const undone = entry('rollback-outcome', rollbackKey(keyOf('keys', 1)), { status: 'reverted' });
    expect(standingChanges([...entries, undone], providers)).toEqual([]);
  });

  it('is undone in the reverse order of the plan, and nothing at all while an intent has no outcome', () => {
    const other = applied('sessions', 1, { policy: null, olderThan: '10:00' }, {});
    expect(standingChanges([...first, ...other], providers).map(({ title }) => title)).toEqual(['sessions', 'keys']);
    const again = standingChanges([...first, ...other, ...second], providers).map(({ title }) => title);
    expect(again, 'whatever was made again last').toEqual(['sessions', 'keys']);
    expect(unfinished([...first, ...second.slice(0, 1)])).toHaveLength(1);
    expect(unfinished([...first, ...second])).toEqual([]);
  });
});

describe('what a revert leaves', () => {
  const back = (prior: JsonObject) => prior['known'] as readonly string[];
  const keys = {
    reversibility: 'exact',
    restores: (prior: JsonObject, result: JsonObject, gone: readonly JsonObject[]) => {
      const deleted = gone.flatMap((one) => one['deleted'] as readonly string[]);
      const left = (result['deactivated'] as readonly string[]).filter((id) => deleted.includes(id));
      return { prior: { known: back(prior).filter((id) => !deleted.includes(id)) }, left };
    },
  } as unknown as Action;
  const deletion = { reversibility: 'none' } as unknown as Action;
  const withDeletion = { aws: { actions: { keys, deletion } } as unknown as Provider };
  const change = applied('keys', 1, { known: ['K1', 'K2'] }, { deactivated: ['K1', 'K2'] });
  const deleted = applied('deletion', 1, {}, { deleted: ['K2'] });
  const standing = (...entries: readonly LedgerEntry[]) =>
    standingChanges(entries, withDeletion).find(({ action }) => action === keys);

  it('is what the case deleted for good since, and nothing while that did not happen', () => {
    expect(standing(...change)).toMatchObject({ prior: { known: ['K1', 'K2'] }, left: [], gone: [] });
    expect(standing(...change, ...deleted)).toMatchObject({
      prior: { known: ['K1'] },
      left: ['K2'],
      gone: [{ deleted: ['K2'] }],
    });
    const [intent] = deleted;
    expect(standing(...change, ...(intent ? [intent] : [])), 'an intent is no outcome').toMatchObject({ left: [] });
  });

  it('is not what was deleted of another target', () => {
    const elsewhere = deleted.map((one) => ({
      ...one,
      body: {
        ...one.body,
        target: 'arn:aws:iam::123456789012:user/bob',
        ...(one.type === 'intent'
          ? {
              request: {
                ...request('deletion'),
                target: 'arn:aws:iam::123456789012:user/bob',
                principal: { ...principal },
              },
            }
          : {}),
      },
    }));
    expect(standing(...change, ...elsewhere)).toMatchObject({ left: [], gone: [] });
  });
});

import { GetSecretValueCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';

import type { AwsCredentials } from '../../../src/providers/aws/clients.ts';
import { chosen, faults, key, keysOfAlice, stage, useCaseOfAlice } from './case-of-alice.ts';
import { tries } from './stage.ts';

useCaseOfAlice();

describe('rotate-access-key', () => {
  it('puts a working key into the secret store, and its secret nowhere else', async () => {
    const { action, request } = chosen('rotate-access-key');
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    const { SecretString = '' } = await stage.admin.secrets.send(
      new GetSecretValueCommand({ SecretId: result['secretArn'] as string }),
    );
    const stored = JSON.parse(SecretString) as AwsCredentials;
    expect(stored.accessKeyId).toBe(result['accessKeyId']);
    expect(await tries(stage, { accessKeyId: stored.accessKeyId, secretAccessKey: stored.secretAccessKey })).toBe(
      'accepted',
    );
    const verified = await action.verify(request, result);
    expect(JSON.stringify({ result, prior, verified })).not.toContain(stored.secretAccessKey);
  });

  it('is impossible while the user holds two keys, and says so beforehand', async () => {
    await stage.newKey('alice');
    const { action, request } = chosen('rotate-access-key');
    const found = await action.preflight(request);
    expect(found).toMatchObject({ calls: [], obstacles: [expect.stringContaining('two access keys')] });
  });

  it('leaves no key behind when it can not be stored', async () => {
    const { action, request } = chosen('rotate-access-key');
    const { prior } = await action.preflight(request);
    faults.set('CreateSecret', () => Promise.reject(Object.assign(new Error('no'), { name: 'EncryptionFailure' })));
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'ValidationFailed' });
    expect(await keysOfAlice()).toEqual([key.accessKeyId]);
    expect(await action.reconcile!(request, prior)).toBeNull();
  });

  it.each(['CreateAccessKey', 'CreateSecret'])(
    'after a lost answer of %s, no key is left that nobody can use',
    async (lost) => {
      const { action, request } = chosen('rotate-access-key');
      const { prior } = await action.preflight(request);
      faults.set(lost, async (proceed) => {
        await proceed();
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      });
      const outcome = await action.apply(request, prior).catch((error: unknown) => error);
      faults.clear();
      stage.calls.length = 0;
      const reconciled = await action.reconcile!(request, prior);
      expect(stage.calls.map(({ operation }) => operation)).not.toContain('CreateAccessKey');
      if (lost === 'CreateAccessKey') {
        expect(outcome).toMatchObject({ type: 'OutcomeUnknown' });
        expect(reconciled).toBeNull();
        expect(await keysOfAlice()).toEqual([key.accessKeyId]);
      } else {
        // The secret says which key it holds, so the key is kept.
        expect(reconciled).toEqual(outcome);
        expect(await keysOfAlice()).toHaveLength(2);
      }
    },
  );

  it('killed between the two calls, leaves an orphan that reconcile removes', async () => {
    const { action, request } = chosen('rotate-access-key');
    const { prior } = await action.preflight(request);
    await stage.newKey('alice'); // what a killed worker would have left
    expect(await action.reconcile!(request, prior)).toBeNull();
    expect(await keysOfAlice()).toEqual([key.accessKeyId]);
  });

  it('deletes the secret with the key, and refuses where another key was put into it', async () => {
    const { action, request } = chosen('rotate-access-key');
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    const other = { ...result, accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' };
    await expect(action.revert(request, prior, other)).rejects.toMatchObject({ type: 'Conflict' });
    await action.revert(request, prior, result);
    expect((await stage.admin.secrets.send(new ListSecretsCommand({}))).SecretList).toEqual([]);
    expect(await keysOfAlice()).toEqual([key.accessKeyId]);
  });
});

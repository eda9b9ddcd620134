import {
  CreateServiceSpecificCredentialCommand,
  DeleteServiceSpecificCredentialCommand,
  DeleteSigningCertificateCommand,
  DeleteSSHPublicKeyCommand,
  type IAMClient,
  UpdateServiceSpecificCredentialCommand,
  UpdateSigningCertificateCommand,
  UpdateSSHPublicKeyCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
} from '@aws-sdk/client-iam';
import { beforeEach, describe, expect, it } from 'vitest';

import { build, chosen, faults, ministack, stage, useCaseOfAlice } from './case-of-alice.ts';

type Status = 'Active' | 'Inactive';

/** As an administrator, or whoever else holds the account, would handle them. */
interface Handling {
  readonly id: string;
  readonly update: string;
  readonly add: (iam: IAMClient) => Promise<string | undefined>;
  readonly set: (iam: IAMClient, id: string, status: Status) => Promise<unknown>;
  readonly remove: (iam: IAMClient, id: string) => Promise<unknown>;
}

const UserName = 'alice';
let services = 0;
const KINDS: readonly Handling[] = [
  {
    id: 'deactivate-ssh-public-keys',
    update: 'UpdateSSHPublicKey',
    add: async (iam) =>
      (await iam.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody: 'ssh-rsa BBBB' }))).SSHPublicKey
        ?.SSHPublicKeyId,
    set: (iam, SSHPublicKeyId, Status) => iam.send(new UpdateSSHPublicKeyCommand({ UserName, SSHPublicKeyId, Status })),
    remove: (iam, SSHPublicKeyId) => iam.send(new DeleteSSHPublicKeyCommand({ UserName, SSHPublicKeyId })),
  },
  {
    id: 'deactivate-signing-certificates',
    update: 'UpdateSigningCertificate',
    add: async (iam) =>
      (await iam.send(new UploadSigningCertificateCommand({ UserName, CertificateBody: '-----BEGIN' }))).Certificate
        ?.CertificateId,
    set: (iam, CertificateId, Status) =>
      iam.send(new UpdateSigningCertificateCommand({ UserName, CertificateId, Status })),
    remove: (iam, CertificateId) => iam.send(new DeleteSigningCertificateCommand({ UserName, CertificateId })),
  },
  {
    id: 'deactivate-service-specific-credentials',
    update: 'UpdateServiceSpecificCredential',
    add: async (iam) => {
      const ServiceName = `service-${++services}.amazonaws.com`;
      const made = await iam.send(new CreateServiceSpecificCredentialCommand({ UserName, ServiceName }));
      return made.ServiceSpecificCredential?.ServiceSpecificCredentialId;
    },
    set: (iam, ServiceSpecificCredentialId, Status) =>
      iam.send(new UpdateServiceSpecificCredentialCommand({ UserName, ServiceSpecificCredentialId, Status })),
    remove: (iam, ServiceSpecificCredentialId) =>
      iam.send(new DeleteServiceSpecificCredentialCommand({ UserName, ServiceSpecificCredentialId })),
  },
];

useCaseOfAlice();

// MiniStack keeps the status of such a credential and has no service that would take it: the proof is IAM's own answer.
describe.each(KINDS)('$id', ({ id, update, add, set, remove }) => {
  let second: string;
  const adding = async () => {
    const made = await add(stage.admin.iam);
    if (!made) throw new Error('nothing was made');
    return made;
  };
  const states = async () => {
    const { action, request } = chosen(id);
    const { credentials } = (await action.preflight(request)).prior as {
      credentials: { id: string; status: string }[];
    };
    return Object.fromEntries(credentials.map((one) => [one.id, one.status]));
  };
  beforeEach(async () => void (second = await adding()));

  it('takes all, and one that appeared after the plan; a rollback gives back only what the plan knew', async () => {
    const { action, request } = chosen(id);
    const { prior, mayBreak } = await action.preflight(request);
    expect(mayBreak).toHaveLength(2);
    if (id !== 'deactivate-signing-certificates') {
      // A third one stands on the second page of MiniStack; of certificates a user can have two only.
      const late = await adding();
      const { result } = await action.apply(request, prior);
      expect(Object.values(await states())).toEqual(['Inactive', 'Inactive', 'Inactive']);
      await action.revert(request, prior, result);
      const after = await states();
      expect(after[late]).toBe('Inactive');
      expect(Object.values(after).toSorted()).toEqual(['Active', 'Active', 'Inactive']);
      return;
    }
    const { result } = await action.apply(request, prior);
    expect(Object.values(await states())).toEqual(['Inactive', 'Inactive']);
    await action.revert(request, prior, result);
    expect(Object.values(await states())).toEqual(['Active', 'Active']);
  });

  it('never wakes one that was turned on between plan and change, and names it', async () => {
    await set(stage.admin.iam, second, 'Inactive');
    const { action, request } = chosen(id);
    const { calls } = await action.preflight(request);
    await set(stage.admin.iam, second, 'Active');
    const { prior } = await action.preflight(request, calls);
    const { result } = await action.apply(request, prior);
    const { prior: back, left } = action.restores!(prior, result, []);
    expect(left).toEqual([expect.stringContaining(`${second} of user alice was not active when the plan was made`)]);
    expect(JSON.stringify(action.previewRevert(request, prior, result))).not.toContain(second);
    await action.revert(request, prior, result);
    expect((await states())[second]).toBe('Inactive');
    const now = (await action.preflight(request)).prior;
    expect(action.restores!(now, result, []).prior, 'what the proof of a rollback compares').toEqual(back);
  });

  it('does not wake one that was inactive before', async () => {
    await set(stage.admin.iam, second, 'Inactive');
    const snapshot = await stage.snapshot();
    const { action, request } = chosen(id);
    const { prior, calls } = await action.preflight(request);
    expect(calls).toHaveLength(1);
    const { result } = await action.apply(request, prior);
    await action.revert(request, prior, result);
    expect(await stage.snapshot()).toEqual(snapshot);
  });

  it('after a try that broke off half-way, still knows all that it changed', async () => {
    const { action, request } = chosen(id);
    const { prior } = await action.preflight(request);
    const snapshot = await stage.snapshot();
    let updates = 0;
    faults.set(update, async (proceed) => {
      if (++updates >= 2) throw Object.assign(new Error('reset'), { code: 'EPIPE' });
      return proceed();
    });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'Unavailable' });
    faults.clear();
    const { result } = await action.apply(request, prior);
    expect(result['deactivated']).toHaveLength(2);
    await action.revert(request, prior, result);
    expect(await stage.snapshot()).toEqual(snapshot);
  });

  it('never passes a refusal after the first change for "nothing was done"', async () => {
    const { action, request } = chosen(id);
    const { prior } = await action.preflight(request);
    let updates = 0;
    faults.set(update, async (proceed) => {
      if (++updates >= 2) throw Object.assign(new Error('no'), { name: 'AccessDenied' });
      return proceed();
    });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  });

  it('says drifted when one is active again, and when there is a new one', async () => {
    const { action, request } = chosen(id);
    const { result } = await action.apply(request, (await action.preflight(request)).prior);
    await set(stage.admin.iam, second, 'Active');
    const seen = await action.verify(request, result);
    expect(seen).toMatchObject({ status: 'drifted', detail: expect.stringContaining(second) });
    await remove(stage.admin.iam, second);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    await adding();
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });

  it('does not revert where someone else deleted one of them, and writes nothing', async () => {
    const { action, request } = chosen(id);
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    await remove(stage.admin.iam, second);
    const snapshot = await stage.snapshot();
    const failure = action.revert(request, prior, result);
    await expect(failure).rejects.toMatchObject({ type: 'Conflict', message: expect.stringContaining(second) });
    expect(await stage.snapshot()).toEqual(snapshot);
  });

  it('is already so where there is none', async () => {
    const { action, request } = chosen(id);
    for (const one of Object.keys(await states())) await remove(stage.admin.iam, one);
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [], mayBreak: [], obstacles: [] });
  });

  it('names the permission that it lacks, at the doctor and at the call', async () => {
    await build(['deny-principal']);
    const { action, request } = chosen(id);
    const missing = await stage.provider.missingPermissions(action.permissions, ministack.accountId);
    expect(missing.map(({ name }) => name)).toEqual(action.permissions.slice(1).map(({ name }) => name));
    const failure = await action.preflight(request).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'AccessDenied', final: true });
    expect(String(failure)).toContain(missing[0]?.name);
  });
});

import {
  CreateLoginProfileCommand,
  DeleteLoginProfileCommand,
  GetLoginProfileCommand,
  UpdateLoginProfileCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';

import { approvalRequirement } from '../../../src/policy/requirement.ts';
import {
  apply,
  atTheMoment,
  build,
  chosen,
  nextSecond,
  stage,
  useCaseOfAlice,
  withoutSecrets,
  writes,
} from './case-of-alice.ts';

useCaseOfAlice();

const UserName = 'alice';
const ID = 'reset-console-password';
const passwords = () =>
  stage.calls
    .filter(({ operation }) => operation === 'UpdateLoginProfile')
    .map(({ parameters }) => parameters['Password'] as string);

describe('reset-console-password', () => {
  it('calls exactly what its preflight showed, with a password that stands nowhere', async () => {
    const { action, request } = chosen(ID);
    const { calls, prior, alreadySo } = await action.preflight(request);
    expect(alreadySo).toBe(false);
    stage.calls.length = 0;
    const { result } = await action.apply(request, prior);
    expect(writes(stage.calls)).toEqual(atTheMoment(withoutSecrets(calls), prior));
    const verified = await action.verify(request, result);
    expect(verified).toMatchObject({ status: 'holds' });
    const [password = ''] = passwords();
    expect(password).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^A-Za-z0-9]).{128}$/u);
    expect(JSON.stringify([calls, prior, result, verified, request])).not.toContain(password);
    const { LoginProfile } = await stage.admin.iam.send(new GetLoginProfileCommand({ UserName }));
    expect(LoginProfile?.PasswordResetRequired).toBe(true);
  });

  it('takes another password each time, and leaves the same state', async () => {
    await apply(ID);
    const snapshot = await stage.snapshot();
    await apply(ID);
    expect(await stage.snapshot()).toEqual(snapshot);
    expect(new Set(passwords()).size).toBe(2);
  });

  it('shows no password in a failure', async () => {
    await build(['deny-principal']);
    const { action, request } = chosen(ID);
    stage.calls.length = 0;
    const failure = (await action.apply(request, {}).catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ type: 'AccessDenied', message: expect.stringContaining('iam:UpdateLoginProfile') });
    const [password = 'none was sent'] = passwords();
    expect(password).toHaveLength(128);
    expect(`${failure.stack} ${String((failure.cause as Error).stack)} ${JSON.stringify(failure)}`).not.toContain(
      password,
    );
  });

  it('is already so for a user without a password, and drifted once it is given one', async () => {
    await stage.admin.iam.send(new DeleteLoginProfileCommand({ UserName }));
    const { action, request } = chosen(ID);
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, calls: [], mayBreak: [] });
    await stage.admin.iam.send(new CreateLoginProfileCommand({ UserName, Password: 'Known-to-mallory-1!' }));
    expect(await action.preflight(request)).toMatchObject({ alreadySo: false });
  });

  it('says drifted once someone sets the password, or makes the login profile anew, even with a reset required', async () => {
    const { action, request } = chosen(ID);
    const { result } = await action.apply(request, (await action.preflight(request)).prior);
    const set = { UserName, Password: 'Known-to-mallory-1!', PasswordResetRequired: false };
    await stage.admin.iam.send(new UpdateLoginProfileCommand(set));
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
    await stage.admin.iam.send(new DeleteLoginProfileCommand({ UserName }));
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    // MiniStack's clock may be a little behind ours: twice makes a whole second at least.
    await nextSecond();
    await nextSecond();
    await stage.admin.iam.send(new CreateLoginProfileCommand({ ...set, PasswordResetRequired: true }));
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });

  it('never pretends to undo it, and so needs two people', async () => {
    const { action, request } = chosen(ID);
    const { prior } = await action.preflight(request);
    const { result } = await action.apply(request, prior);
    const snapshot = await stage.snapshot();
    expect(action.previewRevert(request, prior, result)).toEqual([]);
    await expect(action.revert(request, prior, result)).rejects.toMatchObject({ final: true });
    expect(await stage.snapshot()).toEqual(snapshot);
    const { title, reversibility, effect } = action;
    const planned = {
      sequence: 0,
      request,
      title,
      calls: [],
      mayBreak: [],
      reversibility,
      effect,
      alreadySo: false,
      idempotencyKey: '',
    };
    expect(approvalRequirement([planned], { approvals: 1, large: { aboveResources: 5, approvals: 2 } }).approvals).toBe(
      2,
    );
  });
});

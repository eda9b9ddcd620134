import {
  CreateAccessKeyCommand,
  DeleteUserPolicyCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { expect, test } from 'vitest';

import type { AwsCredentials } from '../../src/providers/aws/index.ts';
import { buildStage } from '../providers/aws/stage.ts';
import { startMiniStack } from '../support/processes/ministack.ts';
import { cordon, scratch } from './cordon.ts';

const ACTIONS = ['deny-principal', 'deactivate-access-keys'];
const QUARANTINE = 'CordonDeny-ca_1';
const DENY = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 'ec2:*', Resource: '*' }] });

/** As an inline policy, in which a deny weighs as in a service control policy. */
async function guardFor(self: string, ...options: readonly string[]): Promise<string> {
  const cwd = await scratch({ 'cordon.yaml': `aws: {actions: [${ACTIONS.join(', ')}]}` });
  const { stdout, status } = await cordon(['policy', 'print', 'aws-guard', '--self', self, ...options], { cwd });
  expect(status).toBe(0);
  return stdout;
}

test('under the guard only Cordon takes a quarantine back; a role may that is allowed, and no other', async () => {
  const ministack = await startMiniStack();
  try {
    const stage = await buildStage(ministack, undefined, ACTIONS);
    const { key: alice } = await stage.createUser('alice');
    const admins = await stage.createRole('admins');
    const session = await stage.assume(alice, admins.arn, 'alice');
    const { iam } = stage.admin;
    const bind = async (document: string) => {
      const policy = { PolicyName: 'guard', PolicyDocument: document };
      for (const UserName of ['alice', 'cordon']) await iam.send(new PutUserPolicyCommand({ UserName, ...policy }));
      await iam.send(new PutRolePolicyCommand({ RoleName: 'admins', ...policy }));
    };
    const loosen = [
      new DeleteUserPolicyCommand({ UserName: 'alice', PolicyName: QUARANTINE }),
      new PutUserPolicyCommand({ UserName: 'alice', PolicyName: QUARANTINE, PolicyDocument: DENY }),
      new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId: alice.accessKeyId, Status: 'Active' }),
      new CreateAccessKeyCommand({ UserName: 'alice' }),
    ] as const;
    const outcomes = async (who: AwsCredentials) => {
      const { iam: theirs } = stage.as(who);
      const results: string[] = [];
      for (const command of loosen) {
        const sent = theirs.send(command as (typeof loosen)[1]);
        results.push(
          await sent.then(
            () => 'done',
            (error: unknown) => (error as Error).name,
          ),
        );
      }
      return results;
    };
    const refused = loosen.map(() => 'AccessDenied');
    const quarantine = { UserName: 'alice', PolicyName: QUARANTINE, PolicyDocument: DENY };

    await bind(await guardFor(stage.cordonArn));
    await stage.as(stage.settings.credentials ?? alice).iam.send(new PutUserPolicyCommand(quarantine));
    expect(await outcomes(alice)).toEqual(refused);
    expect(await outcomes(session)).toEqual(refused);
    // All else goes on.
    await stage.as(alice).iam.send(new ListUsersCommand({}));

    // AWS has the role in `aws:PrincipalArn`, MiniStack the session.
    const allowed = await guardFor(stage.cordonArn, '--allow', admins.arn);
    await bind(allowed.replaceAll(admins.arn, `arn:aws:sts::${ministack.accountId}:assumed-role/admins/alice`));
    expect(await outcomes(alice)).toEqual(refused);
    expect(await outcomes(session)).toEqual(['done', 'done', 'done', 'done']);
    await stage.as(stage.settings.credentials ?? alice).iam.send(new PutUserPolicyCommand(quarantine));
  } finally {
    await ministack.stop();
  }
});

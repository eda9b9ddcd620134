import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';

import { hubPolicy, identityCenterPolicy, memberPolicy } from './account-policies.ts';
import type { AwsAccount, AwsClients, AwsSettings } from './clients.ts';
import { evidencePermissions, findMissingPermissions } from './permissions.ts';
import { permissionsOfAction } from './policy.ts';

const HOME = '123456789012';
const CENTER = '210987654321';
const ACTIONS = ['deny-principal', 'deny-permission-set-user'];
const roleIn = (accountId: string): AwsAccount => ({
  accountId,
  roleArn: `arn:aws:iam::${accountId}:role/cordon`,
  externalId: `id-of-${accountId}`,
});
const center = { instanceArn: 'arn:aws:sso:::instance/ssoins-1', identityStoreId: 'd-1234567890', region: 'us-east-1' };

/** Answers for a role `cordon` of the account, and notes each call as its permission is called. */
function caller(accountId: string) {
  const called = new Set<string>();
  const answers: Record<string, object> = {
    GetCallerIdentity: { Account: accountId, Arn: `arn:aws:sts::${accountId}:assumed-role/cordon/session` },
    GetRole: { Role: { Arn: `arn:aws:iam::${accountId}:role/cordon`, RoleName: 'cordon', RoleId: 'AROACORDON' } },
    SimulatePrincipalPolicy: { EvaluationResults: [], IsTruncated: false },
  };
  const answering = <Client extends IAMClient | STSClient>(client: Client, service: string): Client => {
    (client.middlewareStack as IAMClient['middlewareStack']).add(
      (_, context) => () => {
        const operation = (context['commandName'] ?? '').replace(/Command$/u, '');
        called.add(`${service}:${operation}`);
        return Promise.resolve({ output: { $metadata: {}, ...answers[operation] } as never, response: {} });
      },
      { step: 'initialize', priority: 'high' },
    );
    return client;
  };
  const iam = answering(new IAMClient({ region: 'us-east-1' }), 'iam');
  return { iam, sts: answering(new STSClient({ region: 'us-east-1' }), 'sts'), called };
}

describe.each([
  ['its own account', [], false],
  ['its own account, with a role for Identity Center', [], true],
  ['listed accounts, its own too', [roleIn(HOME)], false],
  ['listed accounts, its own too, with a role for Identity Center', [roleIn(HOME)], true],
])('what is printed for an identity that works in %s', (_, accounts, hasRole) => {
  it('lets everyone whom Cordon asks for missing permissions ask', async () => {
    const role = roleIn(CENTER);
    const settings: Pick<AwsSettings, 'accounts' | 'identityCenter'> = {
      accounts,
      identityCenter: hasRole ? { ...center, role } : center,
    };
    const [hub, member, ofCenter] = [caller(HOME), caller(HOME), caller(CENTER)];
    const clients = {
      ...(accounts.length > 0 ? member : hub),
      identityCenter: { caller: hasRole ? ofCenter : hub },
    } as unknown as AwsClients;
    const permissions = [...evidencePermissions(settings), ...ACTIONS.flatMap(permissionsOfAction)];
    await findMissingPermissions(clients, 'us-east-1', permissions, HOME);
    const printed = [
      [hub, hubPolicy(ACTIONS, HOME, settings, undefined)],
      [member, memberPolicy(ACTIONS, roleIn(HOME))],
      [ofCenter, identityCenterPolicy(ACTIONS, role)],
    ] as const;
    const asked = printed.filter(([{ called }]) => called.size > 0);
    expect(asked).toHaveLength(new Set([clients.iam, clients.identityCenter?.caller.iam]).size);
    for (const [{ called }, { Statement }] of asked) {
      expect([...called]).toContain('iam:SimulatePrincipalPolicy');
      const allowed = Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
      // Which AWS answers to whoever holds live credentials.
      const needed = [...called].filter((name) => name !== 'sts:GetCallerIdentity');
      expect(allowed).toEqual(expect.arrayContaining(needed));
    }
  });
});

import { afterAll, beforeAll } from 'vitest';

import {
  alice,
  atTheMoment,
  build,
  chosen,
  faults,
  ministack,
  stage,
  startAccount,
  withoutSecrets,
  writes,
} from '../../providers/aws/case-of-alice.ts';
import { actionContract, type ActionUnderContract, type ActionWorld, type WriteFault } from './action.contract.ts';

beforeAll(startAccount);
afterAll(() => ministack?.stop());

/** What the SDK throws when the far side answers so. */
const THROWN: Readonly<Record<Exclude<WriteFault, 'lost'>, { readonly name: string; readonly status: number }>> = {
  throttled: { name: 'Throttling', status: 400 },
  unavailable: { name: 'ServiceUnavailable', status: 503 },
  denied: { name: 'AccessDenied', status: 403 },
  conflict: { name: 'ConcurrentModification', status: 409 },
  cut: { name: 'TimeoutError', status: 0 },
};

async function world(rightsFor: readonly string[]): Promise<ActionWorld> {
  await build(rightsFor);
  const account = ministack.accountId;
  return {
    provider: stage.provider,
    accountId: account,
    choose: chosen,
    snapshot: () => stage.snapshot(),
    forgetCalls: () => void (stage.calls.length = 0),
    writes: () => writes(stage.calls),
    permissionsUsed: () => stage.calls.map(({ service, operation }) => `${service}:${operation}`),
    asMade: (calls, prior) => atTheMoment(withoutSecrets(calls), prior),
    wrongTargets(id) {
      const kind = id === 'revoke-role-sessions' ? 'role' : 'user';
      return [
        `arn:aws:iam::${account}:${kind}/*`,
        `arn:aws:iam::${account}:${kind}/`,
        `arn:aws:iam::210987654321:${kind}/${alice.name}`,
        `arn:aws:iam::${account}:root`,
      ];
    },
    breakWrites(fault) {
      faults.clear();
      if (fault) for (const operation of WRITES) faults.set(operation, (proceed) => broken(fault, proceed));
    },
    stop: async () => faults.clear(),
  };
}

const WRITES = [
  'PutUserPolicy',
  'PutRolePolicy',
  'UpdateAccessKey',
  'UpdateSSHPublicKey',
  'UpdateSigningCertificate',
  'UpdateServiceSpecificCredential',
  'CreatePolicy',
  'AttachUserPolicy',
];

async function broken(fault: WriteFault, proceed: () => Promise<unknown>): Promise<never> {
  if (fault === 'lost') await proceed();
  const { name, status } = THROWN[fault === 'lost' ? 'cut' : fault];
  throw Object.assign(new Error('Broken by the test.'), {
    name,
    ...(status === 0 ? {} : { $fault: 'client', $metadata: { httpStatusCode: status } }),
  });
}

const exact = { reversible: true, alreadySoAfterwards: true, repeatable: true };

actionContract(
  'aws',
  [
    { id: 'deny-principal', ...exact },
    { id: 'quarantine-principal', ...exact },
    { id: 'deactivate-access-keys', ...exact },
    { id: 'deactivate-ssh-public-keys', ...exact },
    { id: 'deactivate-signing-certificates', ...exact },
    { id: 'deactivate-service-specific-credentials', ...exact },
    // A revocation of before says nothing of sessions that were minted since.
    { id: 'revoke-role-sessions', ...exact, alreadySoAfterwards: false },
    { id: 'rotate-access-key', ...exact, repeatable: false },
  ] satisfies readonly ActionUnderContract[],
  world,
);

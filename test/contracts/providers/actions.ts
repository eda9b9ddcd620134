import type { Cloud } from '../../../src/domain/cloud.ts';
import type { ActionUnderContract } from './action.contract.ts';

const exact = { reversible: true, alreadySoAfterwards: true, repeatable: true };
const final = { reversible: false, alreadySoAfterwards: false, repeatable: true };

/** Run on emulator and doubles by `npm test`, and on real accounts by `npm run test:live`. */
export const UNDER_CONTRACT: Readonly<Record<Cloud, readonly ActionUnderContract[]>> = {
  aws: [
    { id: 'deny-principal', ...exact },
    { id: 'quarantine-principal', ...exact },
    { id: 'deactivate-access-keys', ...exact },
    { id: 'deactivate-ssh-public-keys', ...exact },
    { id: 'deactivate-signing-certificates', ...exact },
    { id: 'deactivate-service-specific-credentials', ...exact },
    // A revocation of before says nothing of sessions that were minted since.
    { id: 'revoke-role-sessions', ...exact, alreadySoAfterwards: false },
    { id: 'rotate-access-key', ...exact, repeatable: false },
    { id: 'close-role-trust', ...exact },
    // Every run sets another password, which nobody knows: there is nothing that could be so already.
    { id: 'reset-console-password', ...final },
    { id: 'delete-access-keys', ...final, alreadySoAfterwards: true },
    { id: 'deactivate-created-keys', ...exact },
    // Nobody misses a password that only the suspect knew: there is no rollback.
    { id: 'remove-created-login-profile', ...final, alreadySoAfterwards: true },
    { id: 'delete-created-identity-providers', ...exact },
    { id: 'restore-role-trust', ...exact },
    { id: 'remove-function-permissions', ...exact },
    { id: 'remove-inline-policies', ...exact },
    { id: 'deny-created-identity', ...exact },
    { id: 'detach-policies', ...exact },
    { id: 'restore-policy-version', ...exact },
    { id: 'remove-from-groups', ...exact },
  ],
  azure: [
    { id: 'disable-service-principal', ...exact },
    { id: 'disable-user', ...exact },
    { id: 'tighten-role-assignments', ...exact },
    { id: 'remove-role-assignments', ...exact },
    { id: 'remove-eligible-roles', ...exact },
    { id: 'remove-granted-assignment', ...exact },
    { id: 'remove-application-credentials', ...final, alreadySoAfterwards: true },
  ],
  // restore-log-sinks has its own: it is about what the suspect did to the log, which each of its tests does first.
  gcp: [
    'disable-service-account-keys',
    'disable-service-account',
    'remove-iam-bindings',
    'disable-created-keys',
    'remove-granted-bindings',
  ].map((id) => ({ id, ...exact })),
};

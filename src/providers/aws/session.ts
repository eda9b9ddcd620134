import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';

import { CordonFailure } from '../../contracts/failures.ts';
import type { Permission } from '../port.ts';
import type { AwsAccount, AwsClients, AwsSettings, SessionCredentials } from './clients.ts';
import { connection, createAwsClients } from './clients.ts';
import { toFailure } from './failures.ts';
import { policyFor } from './policy.ts';

/** The shortest that AWS gives out; clients renew it as long as they are used. */
const SESSION_SECONDS = 900;

/**
 * Clients in a member account by a session of its role, which may do what `permissions` say and nothing else, whatever the role
 * may. CloudTrail of the account shows the session as `cordon-<purpose>`. No call is made before the first of a client.
 */
export function memberClients(
  purpose: string,
  permissions: readonly Permission[],
  account: AwsAccount,
  hub: AwsClients,
  settings: AwsSettings,
): AwsClients {
  const { accountId, roleArn, externalId } = account;
  const assume = fromTemporaryCredentials({
    masterCredentials: hub.sts.config.credentials,
    clientConfig: connection(settings, 3),
    params: {
      RoleArn: roleArn,
      ExternalId: externalId,
      RoleSessionName: `cordon-${purpose}`,
      DurationSeconds: SESSION_SECONDS,
      Policy: JSON.stringify(policyFor(permissions, accountId, roleArn)),
    },
  });
  const session: SessionCredentials = async () => {
    try {
      return await assume();
    } catch (error) {
      throw assumptionFailure(error, account);
    }
  };
  return createAwsClients(settings, session);
}

/** The same clients, with Identity Center called by the role that the settings name for it, if they name one. */
export function withIdentityCenterRole(
  hub: AwsClients,
  settings: AwsSettings,
  permissions: readonly Permission[],
): AwsClients {
  const role = settings.identityCenter?.role;
  if (!role) return hub;
  const { identityCenter } = memberClients('identity-center', permissions, role, hub, settings);
  return identityCenter ? { ...hub, identityCenter } : hub;
}

/** A refusal is final, and an operator's to mend; what is throttled, late or away is tried again. */
export function assumptionFailure(error: unknown, { accountId, roleArn }: AwsAccount): CordonFailure {
  const failure = toFailure(error, { service: 'sts', operation: 'AssumeRole', creating: false });
  const refused = error instanceof Error && /^AccessDenied(?:Exception)?$/u.test(error.name);
  const message = refused
    ? `AWS refuses Cordon the role ${roleArn}, by which it works in account ${accountId}. Check that the role exists, that its trust ` +
      "policy names Cordon's identity and the external id of the configuration, and that Cordon may sts:AssumeRole it " +
      '("cordon policy print aws" prints both sides).'
    : `Cordon can't work in account ${accountId} by ${roleArn}: ${failure.message}`;
  const { type, cause, retryAfterMs } = failure;
  return new CordonFailure(type, message, { cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

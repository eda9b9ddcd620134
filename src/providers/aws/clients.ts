import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { IdentitystoreClient } from '@aws-sdk/client-identitystore';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSOAdminClient } from '@aws-sdk/client-sso-admin';
import type { STSClientConfig } from '@aws-sdk/client-sts';
import { STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';

import { toFailure } from './failures.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Another account, in which Cordon works by a role of that account. */
export interface AwsAccount {
  /** Twelve digits. */
  readonly accountId: string;
  readonly roleArn: string;
  /** What the role's trust policy asks for as `sts:ExternalId`. An identifier, not a secret; said in no message all the same. */
  readonly externalId: string;
  /** Where they differ from those of the settings. */
  readonly logRegions?: readonly string[] | undefined;
}

/** The organisation's Identity Center: who the people behind sessions are, and what they hold. */
export interface IdentityCenterSettings {
  /** `arn:aws:sso:::instance/ssoins-…` */
  readonly instanceArn: string;
  /** `d-…` */
  readonly identityStoreId: string;
  /** Where it was set up. */
  readonly region: string;
  /** The role by which it is called, where it is not that of the credentials that may: AWS wants the management account for some calls. */
  readonly role?: AwsAccount | undefined;
  /** Another endpoint, for tests. */
  readonly endpoint?: string | undefined;
}

export interface AwsSettings {
  /** Where IAM and STS are called, and Secrets Manager keeps rotated keys. */
  readonly region: string;
  /** Regions whose CloudTrail is read. us-east-1, where IAM is logged, is always read as well. */
  readonly logRegions: readonly string[];
  /** Another AWS endpoint, for tests. */
  readonly endpoint?: string;
  /** Absent: the SDK's own chain (environment, profile, role of the machine). */
  readonly credentials?: AwsCredentials;
  /** Accounts besides that of the credentials. A role of that one may be among them; then all work there goes by it as well. */
  readonly accounts?: readonly AwsAccount[];
  /** Absent: only a person can contain the users of an Identity Center. */
  readonly identityCenter?: IdentityCenterSettings | undefined;
  /** How late CloudTrail may be: younger than this, its silence proves nothing. Seconds; 900 if absent. */
  readonly logDelaySeconds?: number;
  /**
   * How long a change in IAM may take to bind everywhere, in seconds; 15 if absent. Role sessions that are minted so soon after
   * the moment of the change are revoked as well.
   */
  readonly propagationSeconds?: number;
  /** The moment of a change; the machine's clock if absent. It has to be right: sessions are revoked by their time of issue. */
  readonly now?: () => Date;
  /** LookupEvents requests a second, per account and region; AWS allows 2, which is the default. */
  readonly lookupsPerSecond?: number;
  /** Pages of 50 events that one look-up may read before it says `truncated`; 40 if absent. */
  readonly lookupPages?: number;
  /** Milliseconds that one try of a call may take; 4000 if absent. */
  readonly callTimeoutMs?: number;
}

/** Every failure of these clients is a `CordonFailure`. */
export interface AwsClients {
  readonly iam: IAMClient;
  readonly sts: STSClient;
  readonly secrets: SecretsManagerClient;
  /** One per region of the log. */
  readonly cloudtrail: ReadonlyMap<string, CloudTrailClient>;
  /** The same regions: nothing is known of what was done to functions elsewhere. */
  readonly lambda: ReadonlyMap<string, LambdaClient>;
  /** For calls that are not idempotent: one try, and a lost answer is `OutcomeUnknown`. */
  readonly creating: { readonly iam: IAMClient; readonly secrets: SecretsManagerClient };
  readonly identityCenter?: IdentityCenter;
}

/** Called by the same credentials in every account: it is one for all of them. */
export interface IdentityCenter {
  readonly instanceArn: string;
  readonly identityStoreId: string;
  readonly store: IdentitystoreClient;
  readonly admin: SSOAdminClient;
  /** Whose credentials these are, and what IAM allows them. */
  readonly caller: { readonly iam: IAMClient; readonly sts: STSClient };
}

/** A session that takes the place of the settings' credentials. */
export type SessionCredentials = Extract<STSClientConfig['credentials'], Function>;

export function createAwsClients(
  settings: AwsSettings,
  given: AwsCredentials | SessionCredentials | undefined = settings.credentials,
): AwsClients {
  const sts = failing(new STSClient({ ...connection(settings, 3), ...(given ? { credentials: given } : {}) }), 'sts');
  // As the first client resolved and keeps them: all clients of a set share one session and its renewal.
  const { credentials } = sts.config;
  const base = (maxAttempts: number, region?: string) => ({
    ...connection(settings, maxAttempts, region),
    credentials,
  });
  const regions = new Set([...settings.logRegions, 'us-east-1']);
  return {
    iam: failing(new IAMClient(base(3)), 'iam'),
    sts,
    secrets: failing(new SecretsManagerClient(base(3)), 'secretsmanager'),
    cloudtrail: new Map(
      [...regions].map((region) => [region, failing(new CloudTrailClient(base(3, region)), 'cloudtrail')]),
    ),
    lambda: new Map([...regions].map((region) => [region, failing(new LambdaClient(base(3, region)), 'lambda')])),
    creating: {
      iam: failing(new IAMClient(base(1)), 'iam', true),
      secrets: failing(new SecretsManagerClient(base(1)), 'secretsmanager', true),
    },
    ...openIdentityCenter(settings, base),
  };
}

function openIdentityCenter(
  settings: AwsSettings,
  base: (maxAttempts: number, region?: string) => ReturnType<typeof connection> & Pick<STSClientConfig, 'credentials'>,
): Pick<AwsClients, 'identityCenter'> {
  if (!settings.identityCenter) return {};
  const { instanceArn, identityStoreId, region, endpoint } = settings.identityCenter;
  const called = { ...base(3, region), ...(endpoint ? { endpoint } : {}) };
  const store = failing(new IdentitystoreClient(called), 'identitystore');
  const admin = failing(new SSOAdminClient(called), 'sso');
  const caller = { iam: failing(new IAMClient(base(3)), 'iam'), sts: failing(new STSClient(base(3)), 'sts') };
  return { identityCenter: { instanceArn, identityStoreId, store, admin, caller } };
}

/** How every client of these settings calls; the credentials are not part of it. */
export function connection(settings: AwsSettings, maxAttempts: number, region = settings.region) {
  const callTimeoutMs = settings.callTimeoutMs ?? 4_000;
  return {
    region,
    maxAttempts,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: Math.min(2_000, callTimeoutMs),
      requestTimeout: callTimeoutMs,
      throwOnRequestTimeout: true,
    }),
    ...(settings.endpoint ? { endpoint: settings.endpoint } : {}),
  };
}

/** The outermost layer of the client, so that what the retries and the credential chain throw passes through it as well. */
function failing<Client extends { readonly middlewareStack: unknown }>(
  client: Client,
  service: string,
  creating = false,
): Client {
  (client.middlewareStack as IAMClient['middlewareStack']).add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        const operation = (context['commandName'] ?? 'unknown').replace(/Command$/u, '');
        throw toFailure(error, { service, operation, creating });
      }
    },
    { step: 'initialize', priority: 'high', name: 'cordonFailures' },
  );
  return client;
}

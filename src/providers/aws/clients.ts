import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { IAMClient } from '@aws-sdk/client-iam';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';

import { toFailure } from './failures.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
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
  /** How late CloudTrail may be: younger than this, its silence proves nothing. Seconds; 900 if absent. */
  readonly logDelaySeconds?: number;
  /**
   * How long a change in IAM may take to bind everywhere, in seconds; 15 if absent. Role sessions that are minted so soon after
   * the moment of the change are revoked as well.
   */
  readonly propagationSeconds?: number;
  /** The moment of a change; the machine's clock if absent. It has to be right: sessions are revoked by their time of issue. */
  readonly now?: () => Date;
  /** LookupEvents requests a second, per region; AWS allows 2 per account and region, which is the default. */
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
  /** For calls that are not idempotent: one try, and a lost answer is `OutcomeUnknown`. */
  readonly creating: { readonly iam: IAMClient; readonly secrets: SecretsManagerClient };
}

export function createAwsClients(settings: AwsSettings): AwsClients {
  const callTimeoutMs = settings.callTimeoutMs ?? 4_000;
  const base = (maxAttempts: number, region = settings.region) => ({
    region,
    maxAttempts,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: Math.min(2_000, callTimeoutMs),
      requestTimeout: callTimeoutMs,
      throwOnRequestTimeout: true,
    }),
    ...(settings.endpoint ? { endpoint: settings.endpoint } : {}),
    ...(settings.credentials ? { credentials: settings.credentials } : {}),
  });
  const regions = new Set([...settings.logRegions, 'us-east-1']);
  return {
    iam: failing(new IAMClient(base(3)), 'iam'),
    sts: failing(new STSClient(base(3)), 'sts'),
    secrets: failing(new SecretsManagerClient(base(3)), 'secretsmanager'),
    cloudtrail: new Map(
      [...regions].map((region) => [region, failing(new CloudTrailClient(base(3, region)), 'cloudtrail')]),
    ),
    creating: {
      iam: failing(new IAMClient(base(1)), 'iam', true),
      secrets: failing(new SecretsManagerClient(base(1)), 'secretsmanager', true),
    },
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

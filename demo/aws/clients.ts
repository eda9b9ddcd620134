import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient, type Credentials as StsCredentials } from '@aws-sdk/client-sts';

import type { MiniStack } from '../../test/support/processes/ministack.ts';
import { callFrom } from '../../test/support/processes/ministack.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where somebody calls from, and with what. */
export interface Place {
  readonly address: string;
  readonly userAgent: string;
}

/** All regions in which something happens; Cordon reads the log of each. */
export const REGIONS = ['us-east-1', 'eu-west-1'] as const;

export type AwsClients = ReturnType<typeof awsClients>;

/** Real SDK clients of one identity in one region. Without a place the calls come from this machine. */
export function awsClients(ministack: MiniStack, credentials: Credentials, place?: Place, region = ministack.region) {
  const settings = { endpoint: ministack.url, region, credentials, maxAttempts: 1 };
  const clients = {
    iam: new IAMClient(settings),
    sts: new STSClient(settings),
    ec2: new EC2Client(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    rds: new RDSClient(settings),
    lambda: new LambdaClient(settings),
    cloudtrail: new CloudTrailClient(settings),
  };
  if (place) for (const client of Object.values(clients)) callFrom(client, place.address, place.userAgent);
  return clients;
}

export function sessionOf(issued: StsCredentials | undefined): Credentials {
  return {
    accessKeyId: given(issued?.AccessKeyId),
    secretAccessKey: given(issued?.SecretAccessKey),
    sessionToken: given(issued?.SessionToken),
  };
}

export function given(text: string | undefined): string {
  if (text === undefined) throw new Error('AWS answered without a field that it always has.');
  return text;
}

import {
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  EC2ServiceException,
} from '@aws-sdk/client-ec2';
import { IAMServiceException, ListPoliciesCommand, ListRolesCommand, ListUsersCommand } from '@aws-sdk/client-iam';
import { LambdaServiceException, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { ListBucketsCommand, S3ServiceException } from '@aws-sdk/client-s3';
import {
  AssumeRoleCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSServiceException,
} from '@aws-sdk/client-sts';

import type { MiniStack } from '../../test/support/processes/ministack.ts';
import type { Attempt, Probe } from '../scene.ts';
import type { AwsClients, Credentials, Place } from './clients.ts';
import { awsClients, REGIONS, sessionOf } from './clients.ts';
import type { Company } from './company.ts';
import { PLACES } from './company.ts';

/** The Pacu test of MITRE T1580, in the order of its modules: the services it lists in each region, round after round. */
const PACU: readonly ((clients: AwsClients) => Promise<unknown>)[] = [
  ({ ec2 }) => ec2.send(new DescribeInstancesCommand({})),
  ({ ec2 }) => ec2.send(new DescribeVolumesCommand({})),
  ({ ec2 }) => ec2.send(new DescribeSnapshotsCommand({})),
  ({ s3 }) => s3.send(new ListBucketsCommand({})),
  ({ iam }) => iam.send(new ListUsersCommand({})),
  ({ iam }) => iam.send(new ListRolesCommand({})),
  ({ iam }) => iam.send(new ListPoliciesCommand({})),
  ({ rds }) => rds.send(new DescribeDBInstancesCommand({})),
  ({ lambda }) => lambda.send(new ListFunctionsCommand({})),
];
const ROUNDS = 3;

/** 55 calls to 10 APIs in two regions. Answers how many were made; one that is refused throws. */
export async function discoveryBurst(ministack: MiniStack, credentials: Credentials, place: Place): Promise<number> {
  const perRegion = REGIONS.map((region) => awsClients(ministack, credentials, place, region));
  await perRegion[0]?.sts.send(new GetCallerIdentityCommand({}));
  let calls = 1;
  for (let round = 0; round < ROUNDS; round++) {
    for (const clients of perRegion) {
      await Promise.all(PACU.map((call) => call(clients)));
      calls += PACU.length;
    }
  }
  return calls;
}

/** One call that a credential makes, by its name in the service. */
interface Try {
  readonly name: string;
  readonly call: (clients: AwsClients) => Promise<unknown>;
}

const TRIES = {
  instances: { name: 'ec2:DescribeInstances', call: ({ ec2 }) => ec2.send(new DescribeInstancesCommand({})) },
  buckets: { name: 's3:ListBuckets', call: ({ s3 }) => s3.send(new ListBucketsCommand({})) },
  users: { name: 'iam:ListUsers', call: ({ iam }) => iam.send(new ListUsersCommand({})) },
  functions: { name: 'lambda:ListFunctions', call: ({ lambda }) => lambda.send(new ListFunctionsCommand({})) },
} as const satisfies Record<string, Try>;

function probe(ministack: MiniStack, who: string, credentials: Credentials, { name, call }: Try, place: Place): Probe {
  return { who, call: name, attempt: () => attempt(() => call(awsClients(ministack, credentials, place))) };
}

const SERVICE_ERRORS = [
  EC2ServiceException,
  IAMServiceException,
  LambdaServiceException,
  S3ServiceException,
  STSServiceException,
];
/** How AWS says no to a caller. Anything else (throttling, 5xx, a wrong request, no connection) proves nothing. */
const REFUSALS =
  /^(?:AccessDenied(?:Exception)?|UnauthorizedOperation|InvalidClientTokenId|InvalidAccessKeyId|AuthFailure|UnrecognizedClientException)$/u;

async function attempt(call: () => Promise<unknown>): Promise<Attempt> {
  try {
    await call();
    return { allowed: true, errorCode: null, httpStatus: 200 };
  } catch (error) {
    if (!(error instanceof Error) || !SERVICE_ERRORS.some((known) => error instanceof known)) throw error;
    const { httpStatusCode = 0 } = (error as EC2ServiceException).$metadata;
    if (!REFUSALS.test(error.name)) throw error;
    return { allowed: false, errorCode: error.name, httpStatus: httpStatusCode };
  }
}

/**
 * Everything that the attacker holds before anybody notices: both keys, and a session of each way to mint one. A session of
 * GetSessionToken may not call IAM or STS, so it is tried on EC2; none is tried with GetCallerIdentity, which no policy can deny.
 */
export async function stealSessions(
  ministack: MiniStack,
  company: Company,
): Promise<{ readonly sessions: readonly Credentials[]; readonly probes: readonly Probe[] }> {
  const place = PLACES.attacker;
  const [first, second] = company.aliceKeys;
  const { sts } = awsClients(ministack, first, place);
  const minted = sessionOf((await sts.send(new GetSessionTokenCommand({}))).Credentials);
  const assumed = await assume(ministack, first, company.roleArn, 'pacu', place);
  const probes = [
    probe(ministack, "alice's leaked key", first, TRIES.users, place),
    probe(ministack, "alice's second key", second, TRIES.buckets, place),
    probe(ministack, 'session of GetSessionToken', minted, TRIES.instances, place),
    probe(ministack, 'session of AssumeRole', assumed, TRIES.functions, place),
  ];
  return { sessions: [minted, assumed], probes };
}

/** Everybody else: none of them may notice the containment. bob takes a fresh session of the role each time. */
export function bystanders(ministack: MiniStack, company: Company): readonly Probe[] {
  const { name, call } = TRIES.functions;
  const bob = async () => {
    const fresh = await assume(ministack, company.bob, company.roleArn, 'bob', PLACES.office);
    return call(awsClients(ministack, fresh, PLACES.office));
  };
  return [
    probe(ministack, 'terraform-ci', company.terraform, TRIES.functions, PLACES.terraform),
    probe(ministack, 'veeam-backup', company.veeam, TRIES.instances, PLACES.backup),
    probe(ministack, 'breakglass-admin', company.breakGlass, TRIES.users, PLACES.office),
    { who: "bob's fresh session of the role", call: name, attempt: () => attempt(bob) },
  ];
}

async function assume(
  ministack: MiniStack,
  credentials: Credentials,
  RoleArn: string,
  RoleSessionName: string,
  place: Place,
): Promise<Credentials> {
  const { sts } = awsClients(ministack, credentials, place);
  return sessionOf((await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName }))).Credentials);
}

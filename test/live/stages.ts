import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListPoliciesCommand,
  ListRolesCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Cloud } from '../../src/domain/cloud.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { startAzure } from '../support/azure/index.ts';
import { startGcp } from '../support/gcp/index.ts';
import { startMiniStack } from '../support/processes/ministack.ts';

/** An account in the place of a real one, in which somebody works already. */
export interface Stage {
  /** What the suite is told by, and what the SDKs find their credentials in. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same with another account confirmed than the credentials are of. */
  readonly mistaken: Readonly<Record<string, string>>;
  /** In which words that is refused. */
  readonly refused: RegExp;
  /** Nobody of a live run. */
  readonly bystander: Principal;
  /** An action, to be tried on both. */
  readonly action: string;
  snapshot(): Promise<unknown>;
  stop(): Promise<void>;
}

const QUICK = { CORDON_LIVE_QUIET_SECONDS: '0' };

async function aws(): Promise<Stage> {
  const ministack = await startMiniStack();
  const { accountId, root, url: endpoint, region } = ministack;
  const [iam, secrets] = [IAMClient, SecretsManagerClient].map(
    (Client) => new Client({ endpoint, region, credentials: root }),
  ) as [IAMClient, SecretsManagerClient];
  const { User } = await iam.send(new CreateUserCommand({ UserName: 'bystander' }));
  await iam.send(new CreateAccessKeyCommand({ UserName: 'bystander' }));
  const environment = {
    ...QUICK,
    CORDON_LIVE_AWS_ACCOUNT: accountId,
    CORDON_LIVE_AWS_ENDPOINT: endpoint,
    AWS_ACCESS_KEY_ID: root.accessKeyId,
    AWS_SECRET_ACCESS_KEY: root.secretAccessKey,
  };
  return {
    environment,
    mistaken: { ...environment, CORDON_LIVE_AWS_ACCOUNT: '210987654321' },
    refused: /are of AWS account 123456789012, and 210987654321 was confirmed. Nothing was changed/u,
    bystander: { cloud: 'aws', kind: 'iam-user', accountId, name: 'bystander', arn: User?.Arn ?? '' },
    action: 'deactivate-access-keys',
    async snapshot() {
      const { Users = [] } = await iam.send(new ListUsersCommand({}));
      const keys = Users.map(({ UserName = '' }) => iam.send(new ListAccessKeysCommand({ UserName })));
      return {
        Users,
        keys: (await Promise.all(keys)).map(({ AccessKeyMetadata }) => AccessKeyMetadata),
        roles: (await iam.send(new ListRolesCommand({}))).Roles,
        policies: (await iam.send(new ListPoliciesCommand({ Scope: 'Local' }))).Policies,
        secrets: (await secrets.send(new ListSecretsCommand({}))).SecretList,
      };
    },
    stop: () => ministack.stop(),
  };
}

const GRAPH = [
  'Application.Read.All',
  'Application.ReadWrite.All',
  'AuditLog.Read.All',
  'Organization.Read.All',
  'User.EnableDisableAccount.All',
  'User.Read.All',
  'User.ReadWrite.All',
  'UserAuthenticationMethod.Read.All',
];

async function azure(): Promise<Stage> {
  const double = await startAzure();
  const { build, url, ca, tenantId } = double;
  const subscription = build.addSubscription();
  const suite = build.addApplication('suite', { permissions: GRAPH });
  build.assignRole(suite.servicePrincipal.id, 'Owner', subscription);
  const { appId, servicePrincipal } = build.addApplication('bystander');
  const directory = await mkdtemp(join(tmpdir(), 'cordon-live-azure-'));
  const certificate = join(directory, 'ca.pem');
  await writeFile(certificate, ca);
  const environment = {
    ...QUICK,
    CORDON_LIVE_AZURE_TENANT: tenantId,
    CORDON_LIVE_AZURE_SUBSCRIPTION: subscription.split('/')[2] ?? '',
    CORDON_LIVE_AZURE_ENDPOINT: url,
    CORDON_LIVE_AZURE_CA: certificate,
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: suite.appId,
    AZURE_CLIENT_SECRET: suite.secret,
  };
  const who = { name: 'bystander', uniqueId: servicePrincipal.id, appId };
  return {
    environment,
    mistaken: { ...environment, CORDON_LIVE_AZURE_SUBSCRIPTION: crypto.randomUUID() },
    refused: /GET \/subscriptions\/.* not/u,
    bystander: { cloud: 'azure', kind: 'service-principal', accountId: tenantId, ...who },
    action: 'disable-service-principal',
    snapshot: async () => double.snapshot(),
    async stop() {
      await double.stop();
      await rm(directory, { recursive: true });
    },
  };
}

async function gcp(): Promise<Stage> {
  const double = await startGcp();
  const project = double.addProject('live-home');
  double.addProject('not-ours');
  const suite = double.addServiceAccount(project, 'suite');
  const { email: name, uniqueId } = double.addServiceAccount(project, 'bystander');
  for (const { email } of [suite, { email: name }]) double.bind(project, 'roles/owner', `serviceAccount:${email}`);
  const directory = await mkdtemp(join(tmpdir(), 'cordon-live-gcp-'));
  const file = join(directory, 'key.json');
  await writeFile(file, JSON.stringify(await double.addKey(suite.email)));
  const environment = {
    ...QUICK,
    CORDON_LIVE_GCP_PROJECT: 'live-home',
    CORDON_LIVE_GCP_ENDPOINT: double.url,
    GOOGLE_APPLICATION_CREDENTIALS: file,
  };
  return {
    environment,
    mistaken: { ...environment, CORDON_LIVE_GCP_PROJECT: 'not-ours' },
    refused: /denied|permission|resourcemanager.projects.get/iu,
    bystander: { cloud: 'gcp', kind: 'service-account', accountId: 'live-home', name, uniqueId },
    action: 'disable-service-account',
    snapshot: async () => double.snapshot(),
    async stop() {
      await double.stop();
      await rm(directory, { recursive: true });
    },
  };
}

export const STAGES: Readonly<Record<Cloud, () => Promise<Stage>>> = { aws, azure, gcp };

import { z } from 'zod';

import type { Cloud } from '../domain/cloud.ts';
import { CLOUDS } from '../domain/cloud.ts';

/** How late the cloud's log may be, how long a change takes to bind, how long the log must then be quiet. Seconds. */
const times = (defaults: { logDelay: number; propagation: number }) => ({
  logDelaySeconds: z.int().min(0).default(defaults.logDelay).describe('How late an event may appear in the audit log'),
  propagationSeconds: z
    .number()
    .min(0)
    .max(3600)
    .default(defaults.propagation)
    .describe('How long a change takes to bind everywhere: verification waits for it'),
  quietSeconds: z
    .number()
    .min(1)
    .max(3600)
    .default(60)
    .describe('How long after that the log must show no successful call before a case is CONTAINED'),
});

/** Limits of roleArn and externalId: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const awsAccount = z.strictObject({
  accountId: z
    .string()
    .regex(/^\d{12}$/u, 'must be twelve digits, in quotes')
    .describe('Twelve digits, in quotes'),
  roleArn: z
    .string()
    .max(2048)
    .regex(
      /^arn:aws:iam::\d{12}:role\/(?:[\u0021-\u007e]{1,510}\/)?[\w+=,.@-]{1,64}$/u,
      'must be the ARN of a role, such as `arn:aws:iam::123456789012:role/cordon`',
    )
    .describe('The role of that account which Cordon assumes'),
  externalId: z
    .string()
    .min(2, 'must have 2 to 1224 characters')
    .max(1224, 'must have 2 to 1224 characters')
    .regex(/^[\w+=,.@:/-]*$/u, 'must consist of letters, digits and `_+=,.@:/-`')
    .describe("What the role's trust policy asks for as sts:ExternalId; an identifier, not a secret"),
  logRegions: z.array(z.string().min(1)).min(1).optional().describe('Regions whose CloudTrail is read, if others'),
});

/** Patterns: https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_InstanceMetadata.html */
const identityCenter = z.strictObject({
  instanceArn: z
    .string()
    .regex(
      /^arn:aws:sso:::instance\/(?:sso)?ins-[a-zA-Z0-9.-]{16}$/u,
      'must be the ARN of an instance, such as `arn:aws:sso:::instance/ssoins-0123456789abcdef`',
    )
    .describe('ARN of the instance, from the settings page of Identity Center'),
  identityStoreId: z
    .string()
    .regex(
      /^d-[0-9a-f]{10}$|^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u,
      'must be the id of an identity store, such as `d-1234567890`',
    )
    .describe('Id of the identity store, from the same page'),
  region: z.string().min(1).describe('Region in which Identity Center was set up'),
  role: awsAccount
    .omit({ logRegions: true })
    .optional()
    .describe(
      "By which it is called, where Cordon's own credentials may not: AWS wants the management account for some of the calls",
    ),
  endpoint: z.url().optional().describe('Another endpoint of Identity Center, for tests'),
});

/** Actions that there is nothing to do for where no Identity Center is configured; then no permission for them is asked for either. */
const OF_IDENTITY_CENTER = new Set(['deny-permission-set-user', 'remove-account-assignments']);

/** What a containment in this cloud may consist of; nothing where it is not configured. */
export function enabledActions(
  config: {
    readonly aws: Pick<z.infer<typeof awsSection>, 'actions' | 'identityCenter'>;
    readonly azure?: Pick<NonNullable<z.infer<typeof azureSection>>, 'actions'> | undefined;
    readonly gcp?: Pick<NonNullable<z.infer<typeof gcpSection>>, 'actions'> | undefined;
  },
  cloud: Cloud,
): readonly string[] {
  const actions: readonly string[] = config[cloud]?.actions ?? [];
  if (cloud !== 'aws' || config.aws.identityCenter) return actions;
  return actions.filter((id) => !OF_IDENTITY_CENTER.has(id));
}

export const awsSection = z
  .strictObject({
    enabled: z.boolean().default(true).describe('false where Cordon serves no AWS account'),
    region: z
      .string()
      .min(1)
      .default('us-east-1')
      .describe('Where IAM events are recorded, and Secrets Manager keeps rotated keys'),
    logRegions: z.array(z.string().min(1)).min(1).default(['us-east-1']).describe('Regions whose CloudTrail is read'),
    endpoint: z.url().optional().describe('Another AWS endpoint, for tests'),
    ...times({ logDelay: 900, propagation: 15 }),
    propagationSeconds: z
      .number()
      .min(0)
      .max(900)
      .default(15)
      .describe(
        'How long a change takes to bind everywhere: verification waits for it, and role sessions made in it are revoked',
      ),
    lookupsPerSecond: z
      .number()
      .positive()
      .max(1000)
      .default(2)
      .describe('LookupEvents requests a second; AWS allows 2 per account and region'),
    deleteKeysAfterDays: z
      .int()
      .min(1)
      .max(3650)
      .default(30)
      .describe(
        'How long after a case deactivated access keys they may be deleted, if people ask for it and approve it',
      ),
    accounts: z
      .array(awsAccount)
      .default([])
      .describe('Accounts that Cordon works in by a role of theirs, besides that of its own credentials'),
    identityCenter: identityCenter
      .optional()
      .describe('The Identity Center of the organisation; without it a person contains its users'),
    actions: z
      .array(
        z.enum([
          'deny-principal',
          'deny-permission-set-user',
          'quarantine-principal',
          'deactivate-access-keys',
          'close-role-trust',
          'remove-account-assignments',
          'revoke-role-sessions',
          'deactivate-created-keys',
          'remove-created-login-profile',
          'delete-created-identity-providers',
          'restore-role-trust',
          'remove-function-permissions',
          'remove-inline-policies',
          'deny-created-identity',
          'detach-policies',
          'restore-policy-version',
          'remove-from-groups',
          'deactivate-ssh-public-keys',
          'deactivate-signing-certificates',
          'deactivate-service-specific-credentials',
          'reset-console-password',
          'rotate-access-key',
          'delete-access-keys',
        ]),
      )
      .min(1)
      .default([
        'deny-principal',
        'deny-permission-set-user',
        'deactivate-access-keys',
        'close-role-trust',
        'revoke-role-sessions',
        'deactivate-created-keys',
        'delete-created-identity-providers',
        'restore-role-trust',
        'remove-function-permissions',
        'remove-inline-policies',
        'deny-created-identity',
        'detach-policies',
        'restore-policy-version',
        'remove-from-groups',
        'deactivate-ssh-public-keys',
        'deactivate-signing-certificates',
        'deactivate-service-specific-credentials',
      ])
      .describe('What a containment may consist of'),
  })
  .prefault({});

const uuid = z.guid('must be an id of the form `00000000-0000-0000-0000-000000000000`').toLowerCase();

export const azureSection = z
  .strictObject({
    tenantId: uuid.describe('Directory (tenant) id of Entra'),
    subscriptions: z.array(uuid).min(1).describe('Whose role assignments and activity logs Cordon works on'),
    endpoints: z
      .strictObject({
        authority: z.url({ protocol: /^https$/u }).default('https://login.microsoftonline.com'),
        resourceManager: z.url({ protocol: /^https$/u }).default('https://management.azure.com'),
        graph: z.url({ protocol: /^https$/u }).default('https://graph.microsoft.com'),
      })
      .prefault({})
      .describe(
        'Those of another Azure cloud, for example of the US Government; their certificates by NODE_EXTRA_CA_CERTS',
      ),
    ...times({ logDelay: 1200, propagation: 600 }),
    tightenTo: z
      .record(z.string().min(1), z.string().min(1))
      .refine((roles) => Object.values(roles).every((narrow) => !Object.hasOwn(roles, narrow)), {
        error: 'a role that takes the place of another must not be replaced itself: it would never go',
      })
      .default({ Owner: 'Reader', Contributor: 'Reader', 'User Access Administrator': 'Reader' })
      .describe('Which role takes the place of a broad one at the same scope; every other role is removed'),
    actions: z
      .array(
        z.enum([
          'disable-service-principal',
          'remove-application-credentials',
          'disable-user',
          'revoke-sign-in-sessions',
          'reset-user-password',
          'remove-eligible-roles',
          'tighten-role-assignments',
          'remove-role-assignments',
          'remove-granted-assignment',
          'restore-diagnostic-settings',
        ]),
      )
      .min(1)
      .default([
        'disable-service-principal',
        'disable-user',
        'revoke-sign-in-sessions',
        'remove-role-assignments',
        'remove-eligible-roles',
        'remove-granted-assignment',
      ])
      .describe('What a containment may consist of'),
  })
  .optional()
  .describe('Azure and Entra; without it alerts about Azure are parked for a person');

export const gcpSection = z
  .strictObject({
    projects: z
      .array(z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/u, 'must be the id of a project, not its name or number'))
      .min(1)
      .describe(
        'Whose service accounts, bindings and logs Cordon works on; their folders and organisation are looked up',
      ),
    endpoint: z.url().optional().describe('Another Google Cloud endpoint, for tests'),
    ...times({ logDelay: 300, propagation: 420 }),
    actions: z
      .array(
        z.enum([
          'disable-service-account-keys',
          'disable-service-account',
          'remove-iam-bindings',
          'disable-created-keys',
          'remove-granted-bindings',
          'restore-log-sinks',
        ]),
      )
      .min(1)
      .default([
        'disable-service-account-keys',
        'disable-service-account',
        'remove-iam-bindings',
        'disable-created-keys',
        'remove-granted-bindings',
      ])
      .describe('What a containment may consist of'),
  })
  .optional()
  .describe('Google Cloud; without it alerts about it are parked for a person');

/** Clouds that the configuration has a section for. */
export function configuredClouds(config: {
  readonly aws: z.infer<typeof awsSection>;
  readonly azure?: z.infer<typeof azureSection>;
  readonly gcp?: z.infer<typeof gcpSection>;
}): readonly Cloud[] {
  return CLOUDS.filter((cloud) => (cloud === 'aws' ? config.aws.enabled : config[cloud] !== undefined));
}

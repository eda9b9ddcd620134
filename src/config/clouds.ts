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
    actions: z
      .array(
        z.enum([
          'deny-principal',
          'quarantine-principal',
          'deactivate-access-keys',
          'close-role-trust',
          'revoke-role-sessions',
          'deactivate-created-keys',
          'remove-inline-policies',
          'deny-created-identity',
          'detach-policies',
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
        'deactivate-access-keys',
        'close-role-trust',
        'revoke-role-sessions',
        'deactivate-created-keys',
        'remove-inline-policies',
        'deny-created-identity',
        'detach-policies',
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

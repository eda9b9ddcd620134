import { z } from 'zod';

import { ALLOWLIST_KINDS } from '../policy/policy.ts';

/** A secret never stands in the file: it is named, and read where it is used. */
export const secretReference = z.union([
  z.strictObject({ env: z.string().min(1).describe('Name of the environment variable that holds the secret') }),
  z.strictObject({ file: z.string().min(1).describe('Path of a file whose whole text, trimmed, is the secret') }),
]);
export type SecretReference = z.infer<typeof secretReference>;

const arnPattern = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:[0-9]{12}:[^*\s]*[^*\s/][^\s]*$/u,
    'an ARN with a 12-digit account; `*` may stand in the resource part only, and not alone',
  );

const sourceAuthentication = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hmac'),
    secret: secretReference,
    toleranceSeconds: z.int().min(1).max(3600).default(300),
  }),
  z.strictObject({ type: z.literal('bearer'), secret: secretReference }),
]);

const approver = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/u)
    .describe('Stands in decisions and the ledger'),
  name: z.string().min(1).max(100),
  slackUserId: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,}$/u)
    .optional(),
  /** For `cordon case approve` when Slack is away: the bearer token of this person. */
  token: secretReference.optional(),
  /** Cloud identities of this person: who is the suspect never approves. */
  identities: z.array(arnPattern).default([]),
});

const allowlistEntry = z.strictObject({
  name: z.string().min(1).max(100),
  kind: z.enum(ALLOWLIST_KINDS),
  principal: arnPattern,
  networks: z.array(z.union([z.cidrv4(), z.cidrv6()])).min(1),
  actions: z
    .array(z.string().regex(/^[a-z0-9-]+:[A-Za-z0-9*]+$/u, '`service:EventName`, for example `ec2:Describe*`'))
    .min(1),
  owner: z.string().min(1),
  reason: z.string().min(1),
  expires: z.iso.date(),
});

export const configSchema = z.strictObject({
  mode: z
    .enum(['observe', 'approve'])
    .default('observe')
    .describe('observe plans and previews, changes nothing; approve changes what a person approved'),
  server: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65535).default(8321),
      publicUrl: z
        .url({ protocol: /^https?$/u })
        .optional()
        .describe('How people reach this server; used in messages'),
    })
    .prefault({}),
  store: z
    .strictObject({
      /** DATABASE_URL in the environment wins. Without either, SQLite at `path`. */
      databaseUrl: secretReference.optional(),
      path: z.string().default('.cordon/cordon.db'),
    })
    .prefault({}),
  temporal: z
    .strictObject({
      /** TEMPORAL_ADDRESS in the environment wins. Without either, `cordon up` starts an embedded server. */
      address: z.string().optional(),
      namespace: z.string().default('default'),
      apiKey: secretReference.optional(),
      tls: z.boolean().default(false),
      /** Where the embedded server keeps its database. */
      path: z.string().default('.cordon/temporal.db'),
    })
    .prefault({}),
  encryption: z
    .strictObject({
      key: secretReference.optional().describe('32 bytes, base64. Without it a key file is made on first start'),
      keyFile: z.string().default('.cordon/payload.key'),
    })
    .prefault({}),
  approval: z
    .strictObject({
      signingKeyFile: z
        .string()
        .default('.cordon/approval.key')
        .describe('Ed25519 private key (PEM); made on first start, mode 0600. Only the server needs it'),
      publicKeyFile: z
        .string()
        .default('.cordon/approval.pub')
        .describe('Its public half; what containment workers verify with'),
      approvals: z.int().min(1).max(5).default(1).describe('How many different approvers a plan needs'),
      deadlineMinutes: z
        .number()
        .positive()
        .max(7 * 24 * 60)
        .default(240),
      reminderMinutes: z.number().positive().default(30),
    })
    .prefault({}),
  approvers: z.array(approver).default([]),
  sources: z
    .partialRecord(z.enum(['generic', 'guardduty']), sourceAuthentication)
    .default({})
    .describe('Sources that may send alerts; one that is not listed is refused'),
  slack: z
    .strictObject({
      botToken: secretReference,
      channel: z.string().min(1),
      receiver: z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('http'), signingSecret: secretReference }),
        z.strictObject({ type: z.literal('socket'), appToken: secretReference }),
      ]),
      apiUrl: z.url().optional().describe('Another Slack API, for tests'),
    })
    .optional(),
  aws: z
    .strictObject({
      region: z
        .string()
        .default('us-east-1')
        .describe('Where IAM events are recorded, and Secrets Manager keeps rotated keys'),
      logRegions: z.array(z.string()).min(1).default(['us-east-1']).describe('Regions whose CloudTrail is read'),
      endpoint: z.url().optional().describe('Another AWS endpoint, for tests'),
      propagationSeconds: z.number().min(0).max(900).default(15),
      cleanChecks: z.int().min(1).max(20).default(2),
      checkEverySeconds: z.number().min(0.1).max(600).default(10),
      actions: z
        .array(z.enum(['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions', 'rotate-access-key']))
        .min(1)
        .default(['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions']),
    })
    .prefault({}),
  protected: z
    .array(z.strictObject({ principal: arnPattern, reason: z.string().min(1) }))
    .default([])
    .describe('Never contained: break-glass, the responder itself is added by itself'),
  allowlist: z.array(allowlistEntry).default([]),
  assessment: z
    .strictObject({
      containFromRisk: z.int().min(1).max(100).default(50),
      windowMinutes: z.int().min(5).max(1440).default(60).describe('How far around the alert the log is read'),
      baselineHours: z.int().min(1).max(2160).default(168).describe('How far before that, for what is normal'),
      businessHours: z
        .strictObject({
          timezone: z.string().default('UTC'),
          days: z.array(z.int().min(1).max(7)).default([1, 2, 3, 4, 5]),
          fromHour: z.int().min(0).max(24).default(8),
          toHour: z.int().min(0).max(24).default(18),
        })
        .prefault({}),
    })
    .prefault({}),
  budget: z
    .strictObject({
      containmentsPerHour: z.int().min(1).default(10).describe('Principals contained in any hour'),
    })
    .prefault({}),
});

/** A validated configuration, every default filled in. */
export type Config = z.infer<typeof configSchema>;

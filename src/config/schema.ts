import { z } from 'zod';

import { RESOURCE_PATTERN } from '../domain/resource-name.ts';
import { ALLOWLIST_KINDS } from '../policy/policy.ts';
import { SOURCE_NAMES } from '../sources/names.ts';
import { budgetSection } from './budget.ts';
import { awsSection, azureSection, gcpSection } from './clouds.ts';
import { isEveryAddress } from './networks.ts';

/** A secret never stands in the file: it is named, and read where it is used. */
export const secretReference = z.union(
  [
    z.strictObject({ env: z.string().min(1).describe('Name of the environment variable that holds the secret') }),
    z.strictObject({ file: z.string().min(1).describe('Path of a file whose whole text, trimmed, is the secret') }),
  ],
  'must name a secret, as `env: NAME` or as `file: PATH`; the secret itself never stands in this file',
);
export type SecretReference = z.infer<typeof secretReference>;

const resourcePattern = z
  .string()
  .regex(
    RESOURCE_PATTERN,
    'must name identities as their cloud does: an ARN with a 12-digit account, `/tenants/ID/users/ID`, ' +
      '`/tenants/ID/servicePrincipals/ID`, `//iam.googleapis.com/projects/ID/serviceAccounts/EMAIL` or ' +
      '`principal://goog/subject/EMAIL`; `*` may stand in its last part only, and not alone',
  );

const network = z
  .union([z.cidrv4(), z.cidrv6()], 'must be a network in CIDR form, for example `192.0.2.0/24` or `2001:db8::/32`')
  .refine(
    (cidr) => !isEveryAddress(cidr),
    'must not be every address: the entry would be bound to the principal alone, stolen keys included',
  );

const timezone = z.string().refine(isTimezone, 'must be the IANA name of a time zone, for example `Europe/Berlin`');

const sourceAuthentication = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hmac'),
    secret: secretReference.describe('Key of the signature (HMAC-SHA256 over time and body)'),
    toleranceSeconds: z.int().min(1).max(3600).default(300).describe('How old a signed request may be'),
  }),
  z.strictObject({ type: z.literal('bearer'), secret: secretReference.describe('The token that the source sends') }),
]);

const approver = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/u, 'must begin with a-z or 0-9 and go on with a-z, 0-9, `.`, `_`, `-`')
    .describe('Stands in decisions and the ledger'),
  name: z.string().min(1).max(100).describe('For who reads this file; decisions and the ledger name the id'),
  slackUserId: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,}$/u, 'must be the member id of the Slack profile, for example `U024BE7LH`, not a name')
    .optional()
    .describe('Member id of this person in Slack; without it they do not decide there'),
  token: secretReference
    .optional()
    .describe(
      'Bearer token of this person, for `cordon case approve` when Slack is away; 16 characters or more, of nobody else. The server alone reads it',
    ),
  identities: z
    .array(resourcePattern)
    .default([])
    .describe('Cloud identities of this person: who is the suspect never approves'),
});

const allowlistEntry = z.strictObject({
  name: z.string().min(1).max(100).describe('Stands in the verdict that it leads to'),
  kind: z.enum(ALLOWLIST_KINDS).describe('What the automation is for'),
  principal: resourcePattern.describe('Its identity, as its cloud names it; `*` may stand in the last part'),
  networks: z.array(network).min(1).describe('Every address of the activity must lie in one of these'),
  actions: z
    .array(
      z
        .string()
        .regex(
          /^[a-z0-9.-]+:[A-Za-z0-9*./_-]+$/u,
          'must be `service:EventName`, for example `ec2:Describe*`, `microsoft.compute:*/read`, `compute:v1.compute.*`',
        ),
    )
    .min(1)
    .describe('Every call of the activity must match one of these'),
  owner: z.string().min(1).describe('Whom to ask about it'),
  reason: z.string().min(1).describe('Why it is normal'),
  expires: z.iso.date('must be a day, for example `2027-01-31`').describe('The last day on which the entry counts'),
});

/** Each check stands in the history of the case, which Temporal bounds. */
const MOST_CHECKS = 1000;

export const configSchema = z.strictObject({
  mode: z
    .enum(['observe', 'approve'])
    .default('observe')
    .describe('observe plans and previews, changes nothing; approve changes what a person approved'),
  server: z
    .strictObject({
      host: z
        .string()
        .default('127.0.0.1')
        .describe('Address to listen on; it speaks plain HTTP, so put TLS before any other'),
      port: z.int().min(0).max(65535).default(8321).describe('0 takes any free port'),
      publicUrl: z
        .url({ protocol: /^https?$/u, error: 'must be an http or https URL' })
        .optional()
        .describe('Where the command line reaches this server, if not at host and port; CORDON_URL and --url win'),
    })
    .prefault({}),
  store: z
    .strictObject({
      databaseUrl: secretReference
        .optional()
        .describe('PostgreSQL. DATABASE_URL in the environment wins; without either, SQLite at `path`'),
      path: z.string().min(1).default('.cordon/cordon.db').describe('SQLite file, where there is no `databaseUrl`'),
    })
    .prefault({}),
  temporal: z
    .strictObject({
      address: z
        .string()
        .min(1)
        .optional()
        .describe('host:port. TEMPORAL_ADDRESS in the environment wins; without either, `cordon up` starts a server'),
      namespace: z.string().min(1).default('default').describe('Must exist already'),
      apiKey: secretReference.optional().describe('API key of Temporal Cloud'),
      tls: z.boolean().default(false).describe('true for Temporal Cloud, and wherever others share the network'),
      path: z
        .string()
        .min(1)
        .default('.cordon/temporal.db')
        .describe('Where the server that `cordon up` starts keeps its database'),
    })
    .prefault({}),
  encryption: z
    .strictObject({
      key: secretReference
        .optional()
        .describe(
          '32 bytes in base64; several, one a line, while keys are changed: the first seals, all open. Without it a key file is made on first start',
        ),
      keyFile: z
        .string()
        .min(1)
        .default('.cordon/payload.key')
        .describe('Where that file is; every process needs the same keys, and what one sealed is lost with it'),
    })
    .prefault({}),
  approval: z
    .strictObject({
      signingKeyFile: z
        .string()
        .min(1)
        .default('.cordon/approval.key')
        .describe('Ed25519 private key (PEM); made on first start, mode 0600. Only the server needs it'),
      publicKeyFile: z
        .string()
        .min(1)
        .default('.cordon/approval.pub')
        .describe('Its public half; what containment workers verify with'),
      olderPublicKeyFiles: z
        .array(z.string().min(1))
        .max(5)
        .default([])
        .describe(
          'Public halves of other keys whose decisions still count while keys are changed; never of one that may be known',
        ),
      approvals: z.int().min(1).max(5).default(1).describe('How many different approvers a plan needs'),
      large: z
        .strictObject({
          aboveResources: z
            .int()
            .min(0)
            .default(5)
            .describe('A plan that changes more resources than this is large; so is one with a change that is final'),
          approvals: z.int().min(1).max(5).default(2).describe('How many different approvers a large plan needs'),
        })
        .prefault({}),
      deadlineMinutes: z
        .number()
        .positive()
        .max(7 * 24 * 60)
        .default(240)
        .describe('After this a case expires; it is never approved by silence'),
      reminderMinutes: z.number().positive().default(30).describe('How often people are reminded of a plan that waits'),
      fallbackMinutes: z
        .number()
        .positive()
        .default(2)
        .describe('When Slack has not taken the request after this, the log shows it as well'),
    })
    .prefault({}),
  approvers: z.array(approver).default([]).describe('Who may decide on plans; nobody else can'),
  sources: z
    .partialRecord(z.enum(SOURCE_NAMES), sourceAuthentication)
    .default({})
    .describe('Sources that may send alerts; one that is not listed is refused'),
  slack: z
    .strictObject({
      botToken: secretReference.describe('Bot token, xoxb-…; the server and the worker of `notify` read it'),
      channel: z.string().min(1).describe('Id of the channel where people are asked, not its name'),
      receiver: z
        .discriminatedUnion('type', [
          z.strictObject({
            type: z.literal('http'),
            signingSecret: secretReference.describe('By which the server knows that a click comes from Slack'),
          }),
          z.strictObject({
            type: z.literal('socket'),
            appToken: secretReference.describe('App-level token, xapp-…, with connections:write'),
          }),
        ])
        .describe('How clicks come to the server'),
      apiUrl: z.url().optional().describe('Another Slack API, for tests'),
    })
    .optional(),
  aws: awsSection,
  azure: azureSection,
  gcp: gcpSection,
  protected: z
    .array(
      z.strictObject({
        principal: resourcePattern.describe('As its cloud names it; `*` may stand in the last part'),
        reason: z.string().min(1).describe('Told to people who wonder why nothing was done'),
      }),
    )
    .default([])
    .describe('Never contained, for example break-glass; Cordon adds its own identity by itself'),
  allowlist: z
    .array(allowlistEntry)
    .default([])
    .describe(
      'Known automation: suppressed only when principal, every address and every call match, before its expiry',
    ),
  assessment: z
    .strictObject({
      containFromRisk: z.int().min(1).max(100).default(50).describe('Risk from which a containment is proposed'),
      windowMinutes: z.int().min(5).max(1440).default(60).describe('How far around the alert the log is read'),
      baselineHours: z.int().min(1).max(2160).default(168).describe('How far before that, for what is normal'),
      businessHours: z
        .strictObject({
          timezone: timezone.default('UTC').describe('IANA name, for example `Europe/Berlin`'),
          days: z.array(z.int().min(1).max(7)).default([1, 2, 3, 4, 5]).describe('1 is Monday, 7 is Sunday'),
          fromHour: z.int().min(0).max(24).default(8).describe('First hour that counts as business'),
          toHour: z.int().min(0).max(24).default(18).describe('Hour from which it no longer does'),
        })
        .prefault({}),
    })
    .prefault({}),
  watch: z
    .strictObject({
      hours: z
        .number()
        .min(0)
        .max(168)
        .default(24)
        .describe('How long a contained identity is watched before its case is closed; 0 does not watch'),
      everyMinutes: z
        .number()
        .positive()
        .max(1440)
        .default(15)
        .describe('How often it is looked at; a fraction is allowed'),
    })
    .refine(({ hours, everyMinutes }) => (hours * 60) / everyMinutes <= MOST_CHECKS, {
      error: `must not be more than ${MOST_CHECKS} checks: raise everyMinutes or lower hours`,
    })
    .prefault({}),
  sweep: z
    .strictObject({
      everyHours: z
        .number()
        .min(0)
        .max(24 * 31)
        .default(24)
        .describe('How often Cordon looks for changes, credentials and cases that nobody looks after; 0 does not'),
    })
    .prefault({}),
  budget: budgetSection.prefault({}),
});

/** A validated configuration, every default filled in. */
export type Config = z.infer<typeof configSchema>;

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

import { z } from 'zod';

import { SEVERITIES } from '../../domain/alert.ts';
import { isIdentifying } from '../inert-text.ts';
import { MOST_CLUE_CHARACTERS } from '../clues.ts';

const TEXT = 4_000;
const clue = z.string().max(MOST_CLUE_CHARACTERS).optional();
const count = z.int().min(0).max(1_000_000_000);

/** An id is never cut or repaired: two alerts could become one. */
export const alertId = z
  .string()
  .max(256)
  .refine(isIdentifying, 'is empty, a template that was not rendered, or has invisible characters');

/**
 * Cordon's own format, for any detector without a folder of its own. Unknown fields are errors: a misspelt `acountId` would
 * otherwise be a clue that is silently lost. See README.md for an example of each field.
 */
export const genericSchema = z.strictObject({
  id: alertId.describe('The same alert sent again carries the same id; another alert never does'),
  title: z.string().min(1).max(TEXT),
  rule: z.string().min(1).max(TEXT).describe('Name or id of the detection rule'),
  severity: z.enum(SEVERITIES),
  techniques: z
    .array(z.string().regex(/^T\d{4}(?:\.\d{3})?$/u, 'a MITRE ATT&CK technique, for example T1580 or T1562.008'))
    .max(50)
    .optional(),
  cloud: z
    .string()
    .min(1)
    .max(40)
    .describe('`aws`, `azure` or `gcp`; another cloud is recorded and parked for a person'),
  accountId: z
    .string()
    .max(256)
    .optional()
    .describe('AWS: twelve digits; Azure: id of the subscription or tenant; Google Cloud: id of the project'),
  principal: z
    .strictObject({
      arn: clue,
      userName: clue,
      accessKeyId: clue,
      principalId: clue,
      objectId: clue,
      appId: clue,
      userPrincipalName: clue,
      email: clue,
      keyId: clue,
    })
    .optional()
    .describe('All that the detector knows; they must all lead to one principal, else a person looks'),
  sourceAddresses: z.array(z.string().max(TEXT)).max(1_000).optional().describe('What is no IP address is dropped'),
  userAgents: z.array(z.string().max(TEXT)).max(1_000).optional(),
  firstSeen: z.string().max(40).describe('ISO 8601 with a zone'),
  lastSeen: z.string().max(40).optional().describe('The same as firstSeen if absent'),
  discovery: z
    .strictObject({
      discoveryCount: count,
      distinctApis: count,
      apiList: z.array(z.string().max(TEXT)).max(1_000).describe('The first 50 are kept'),
      distinctRegions: count,
      riskScore: z.union([z.literal(30), z.literal(50), z.literal(70), z.literal(90)]),
    })
    .optional()
    .describe('The columns of the T1580 burst detection'),
  link: z.string().max(TEXT).optional().describe('https; shown as text'),
});

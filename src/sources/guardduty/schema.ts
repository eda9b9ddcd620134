import { z } from 'zod';

import { isIdentifying } from '../inert-text.ts';

/**
 * Only the fields that are used, in the camelCase of EventBridge. GetFindings spells the same fields in PascalCase:
 *
 *   EventBridge  { "source": "aws.guardduty", "detail-type": "GuardDuty Finding", "detail": { "id", "type", "resource": … } }
 *   GetFindings  { "Findings": [{ "Id", "Type", "Resource": … }] }
 *
 * https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html
 */
const text = (most: number) => z.string().max(most);

/** Reads `AccessKeyId` as `accessKeyId`, one level at a time, so that the depth of a hostile body costs nothing. */
function anyCase<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key.charAt(0).toLowerCase() + key.slice(1), inner]),
    );
  }, z.object(shape));
}

const remoteIp = anyCase({ ipAddressV4: text(100).nullish(), ipAddressV6: text(100).nullish() });

const resource = anyCase({
  resourceType: text(100).nullish(),
  accessKeyDetails: anyCase({
    accessKeyId: text(256).nullish(),
    principalId: text(256).nullish(),
    userName: text(256).nullish(),
    userType: text(64).nullish(),
  }).nullish(),
});

const service = anyCase({
  eventFirstSeen: text(40).nullish(),
  eventLastSeen: text(40).nullish(),
  action: anyCase({
    awsApiCallAction: anyCase({ remoteIpDetails: remoteIp.nullish() }).nullish(),
  }).nullish(),
  /** EventBridge: an object with `sample`. GetFindings: the same as JSON text in `Value`. */
  additionalInfo: anyCase({
    sample: z.boolean().nullish(),
    value: text(100_000).nullish(),
    userAgent: anyCase({ fullUserAgent: text(4_000).nullish() }).nullish(),
  }).nullish(),
});

export const findingSchema = anyCase({
  id: text(256).refine(isIdentifying, 'is empty, a template that was not rendered, or has invisible characters'),
  type: text(256).min(1),
  title: text(4_000).nullish(),
  severity: z.number().min(0).max(10),
  accountId: z.string().regex(/^\d{12}$/u, 'twelve digits'),
  partition: z
    .string()
    .regex(/^aws[a-z-]{0,20}$/u, 'aws, aws-cn or aws-us-gov')
    .nullish(),
  createdAt: text(40).nullish(),
  updatedAt: text(40).nullish(),
  resource: resource.nullish(),
  service: service.nullish(),
});
export type Finding = z.infer<typeof findingSchema>;
export type AccessKeyDetails = NonNullable<NonNullable<Finding['resource']>['accessKeyDetails']>;

const MOST_FINDINGS = 100;

export const eventSchema = z.object({
  source: z.literal('aws.guardduty'),
  'detail-type': z.literal('GuardDuty Finding'),
  detail: z.unknown(),
});
export const answerSchema = z.object({ Findings: z.array(z.unknown()).min(1).max(MOST_FINDINGS) });

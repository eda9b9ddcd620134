import { z } from 'zod';

import type { Alert } from '../../domain/alert.ts';
import { inertList, inertText, validAddresses, validTime } from '../inert-text.ts';
import { AlertInvalid, fitting } from '../invalid.ts';
import type { NormalisedAlert, Source } from '../port.ts';
import { cluesOfKey } from './clues.ts';
import { answerSchema, eventSchema, findingSchema, type Finding } from './schema.ts';

export const guardduty: Source<'guardduty'> = {
  name: 'guardduty',
  title: 'Amazon GuardDuty: EventBridge event, or answer of GetFindings',
  goesOn: true,
  schema: z.union([
    eventSchema.extend({ detail: findingSchema }),
    answerSchema.extend({ Findings: z.array(findingSchema) }),
  ]),
  parse(body, receivedAt) {
    if (isObject(body) && Object.hasOwn(body, 'detail')) {
      const { detail } = fitting(eventSchema, body);
      return [{ alert: normalise(detail, ['detail'], receivedAt, lower), part: body }];
    }
    if (isObject(body) && Object.hasOwn(body, 'Findings')) {
      const { Findings } = fitting(answerSchema, body);
      return Findings.map((finding, index) => ({
        alert: normalise(finding, ['Findings', index], receivedAt, upper),
        part: finding,
      }));
    }
    throw new AlertInvalid([
      {
        pointer: '',
        detail: 'Expected an EventBridge event with `detail`, or an answer of GetFindings with `Findings`',
      },
    ]);
  },
};

type Spelling = (key: string) => string;
const lower: Spelling = (key) => key;
const upper: Spelling = (key) => key.charAt(0).toUpperCase() + key.slice(1);

function normalise(
  value: unknown,
  at: readonly (string | number)[],
  receivedAt: Date,
  spelling: Spelling,
): NormalisedAlert {
  const finding = read(value, at, spelling);
  const { service } = finding;
  const remote = service?.action?.awsApiCallAction?.remoteIpDetails;
  return {
    // GuardDuty sends one finding again and again while its count rises, every time with a new `updatedAt`. It is one alert:
    // with `updatedAt` in the key, a busy attacker would open an alert every few minutes. What is new is read from the log, while
    // its case is open; what comes after that is an alert of its own (`goesOn`).
    sourceAlertId: finding.id,
    title: inertText(finding.title ?? finding.type, 200),
    rule: inertText(finding.type, 200),
    severity: severityOf(finding.severity),
    techniques: [],
    cloud: 'aws',
    accountId: finding.accountId,
    clues: cluesOfKey(finding),
    sourceAddresses: validAddresses([remote?.ipAddressV4, remote?.ipAddressV6].flatMap((address) => address ?? [])),
    userAgents: inertList([service?.additionalInfo?.userAgent?.fullUserAgent ?? ''], 10, 256),
    ...timesOf(finding, at, receivedAt, spelling),
    sample: isSample(finding),
  };
}

/** Problems are named as the sender spelt the fields. */
function read(value: unknown, at: readonly (string | number)[], spelling: Spelling): Finding {
  const result = findingSchema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => ({
    ...issue,
    path: issue.path.map((key) => (typeof key === 'string' ? spelling(key) : key)),
  }));
  throw AlertInvalid.of(new z.ZodError(issues), at);
}

/** https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html */
function severityOf(severity: number): Alert['severity'] {
  if (severity >= 9) return 'critical';
  if (severity >= 7) return 'high';
  if (severity >= 4) return 'medium';
  return severity >= 1 ? 'low' : 'informational';
}

function timesOf(finding: Finding, at: readonly (string | number)[], receivedAt: Date, spelling: Spelling) {
  const times = [
    validTime(finding.service?.eventFirstSeen, receivedAt) ?? validTime(finding.createdAt, receivedAt),
    validTime(finding.service?.eventLastSeen, receivedAt) ?? validTime(finding.updatedAt, receivedAt),
  ]
    .flatMap((time) => time ?? [])
    .toSorted();
  const [firstSeen, lastSeen = firstSeen] = times;
  if (firstSeen !== undefined && lastSeen !== undefined) return { firstSeen, lastSeen };
  const path = [...at, ...['service', 'eventFirstSeen'].map(spelling)];
  throw AlertInvalid.at(path, 'Expected a past time as ISO 8601, here or in eventLastSeen, createdAt, updatedAt');
}

/** Only what GuardDuty itself writes: the middle of a title holds names that an attacker chose. */
function isSample({ title, service }: Finding): boolean {
  const info = service?.additionalInfo;
  return info?.sample === true || /^\[SAMPLE(?: FINDINGS?)?\]/u.test(title ?? '') || saysSample(info?.value);
}

function saysSample(json: string | null | undefined): boolean {
  if (!json) return false;
  try {
    const info: unknown = JSON.parse(json);
    return isObject(info) && info['sample'] === true;
  } catch {
    // Free text of some finding types: a finding is real unless GuardDuty says otherwise.
    return false;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

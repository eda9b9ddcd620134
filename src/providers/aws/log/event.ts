import { z } from 'zod';

/**
 * The fields that we use of a CloudTrail record; each may be missing or null in the log.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 *
 *     {"eventID":"…","eventTime":"2023-07-10T11:54:47Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRole",
 *      "userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123837392027:user/bert-jan","accessKeyId":"AKIA…"},
 *      "requestParameters":{"roleArn":"arn:aws:iam::…:role/x","roleSessionName":"s"},
 *      "responseElements":{"credentials":{"accessKeyId":"ASIA…"}}}
 */
const text = z.string().nullish();
const record = z.object({
  eventID: z.string().min(1),
  eventTime: z.iso.datetime({ offset: true }),
  eventSource: z.string().min(1),
  eventName: z.string().min(1),
  awsRegion: text,
  sourceIPAddress: text,
  userAgent: text,
  errorCode: text,
  userIdentity: z
    .object({
      type: text,
      arn: text,
      accountId: text,
      accessKeyId: text,
      userName: text,
      invokedBy: text,
      principalId: text,
      identityProvider: text,
      sessionContext: z.object({ sessionIssuer: z.object({ arn: text }).nullish() }).nullish(),
    })
    .nullish(),
  requestParameters: z.record(z.string(), z.unknown()).nullish().catch(null),
  responseElements: z
    .object({
      credentials: z.object({ accessKeyId: text }).nullish().catch(null),
      accessKey: z.object({ accessKeyId: text }).nullish().catch(null),
      provider: text.catch(null),
      subjectFromWebIdentityToken: text.catch(null),
      policyVersion: z.object({ versionId: text }).nullish().catch(null),
      openIDConnectProviderArn: text.catch(null),
      sAMLProviderArn: text.catch(null),
      statement: text.catch(null),
      trustAnchor: z.object({ trustAnchorId: text }).nullish().catch(null),
      profile: z.object({ profileId: text }).nullish().catch(null),
    })
    .nullish()
    .catch(null),
});

/** One call, as far as it matters here. Absent texts are empty. */
export interface LogEvent {
  readonly id: string;
  /** ISO 8601, UTC, whole seconds. */
  readonly at: string;
  /** As policies spell it: `ec2`. */
  readonly service: string;
  readonly name: string;
  readonly region: string;
  readonly address: string;
  readonly userAgent: string;
  readonly errorCode: string;
  /** Refused for want of permission. */
  readonly denied: boolean;
  /** Whether the credentials were good for it; `failed`: it may have been, and failed for another reason. */
  readonly answer: 'accepted' | 'refused' | 'failed';
  readonly identityType: string;
  readonly identityArn: string;
  readonly identityName: string;
  readonly accessKeyId: string;
  /** Unique id of the caller, with the session's name after a colon; all that the log has of callers from other accounts. */
  readonly identityId: string;
  /** The service that made the call. */
  readonly invokedBy: string;
  /** Of a session for a federated identity: who vouched for it, and for whom. */
  readonly provider: string;
  readonly subject: string;
  /** The role behind a session. */
  readonly issuerArn: string;
  /** An AWS service made the call, for itself or on someone's behalf. */
  readonly byService: boolean;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The temporary key that AssumeRole, GetSessionToken or GetFederationToken gave out. */
  readonly issuedKeyId: string;
  /** The long-term key that CreateAccessKey made. */
  readonly createdKeyId: string;
  readonly made: Made;
}

/** What else the answer to a call names. */
export interface Made {
  /** Of CreatePolicyVersion. */
  readonly policyVersionId: string;
  /** Of CreateOpenIDConnectProvider and CreateSAMLProvider. */
  readonly providerArn: string;
  /** Of Lambda's AddPermission: the statement as JSON. */
  readonly statement: string;
  /** Of Roles Anywhere: the id of a trust anchor or profile. */
  readonly rolesAnywhereId: string;
}

/** Null for what is no CloudTrail record: the caller counts it, because an unread event is not a harmless one. */
export function readEvent(json: string | undefined): LogEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(json ?? '');
  } catch {
    return null;
  }
  const parsed = record.safeParse(value);
  if (!parsed.success) return null;
  const { userIdentity: identity, ...event } = parsed.data;
  const errorCode = event.errorCode ?? '';
  return {
    id: event.eventID,
    at: new Date(event.eventTime).toISOString(),
    service: event.eventSource.replace(/\.amazonaws\.com$/u, ''),
    name: event.eventName,
    region: event.awsRegion ?? '',
    address: event.sourceIPAddress ?? '',
    userAgent: event.userAgent ?? '',
    errorCode,
    denied: DENIED.test(errorCode),
    answer: answerOf(errorCode),
    identityType: identity?.type ?? '',
    identityArn: identity?.arn ?? '',
    identityName: identity?.userName ?? '',
    accessKeyId: identity?.accessKeyId ?? '',
    identityId: identity?.principalId ?? '',
    invokedBy: identity?.invokedBy ?? '',
    provider: event.responseElements?.provider ?? identity?.identityProvider ?? '',
    subject: event.responseElements?.subjectFromWebIdentityToken ?? identity?.userName ?? '',
    issuerArn: identity?.sessionContext?.sessionIssuer?.arn ?? '',
    byService: Boolean(identity?.invokedBy) || identity?.type === 'AWSService',
    parameters: event.requestParameters ?? {},
    issuedKeyId: event.responseElements?.credentials?.accessKeyId ?? '',
    createdKeyId: event.responseElements?.accessKey?.accessKeyId ?? '',
    made: madeBy(event.responseElements),
  };
}

const DENIED = /AccessDenied|UnauthorizedOperation|NotAuthorized|AuthorizationError/iu;
/** AWS's way to say that it would have done it: only the caller asked it not to. */
const DRY_RUN = /^(?:Client\.)?DryRunOperation/u;
/** Nobody looked at the permissions: the credentials are no longer good, or AWS did not get as far. */
const NOT_LOOKED_AT =
  /AuthFailure|ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidAccessKeyId|Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ServiceUnavailable|InternalFailure|InternalError|Forbidden|Unauthorized/iu;

function answerOf(errorCode: string): LogEvent['answer'] {
  if (errorCode === '' || DRY_RUN.test(errorCode)) return 'accepted';
  return DENIED.test(errorCode) || NOT_LOOKED_AT.test(errorCode) ? 'refused' : 'failed';
}

function madeBy(answer: z.output<typeof record>['responseElements']): Made {
  return {
    policyVersionId: answer?.policyVersion?.versionId ?? '',
    providerArn: answer?.openIDConnectProviderArn ?? answer?.sAMLProviderArn ?? '',
    statement: answer?.statement ?? '',
    rolesAnywhereId: answer?.trustAnchor?.trustAnchorId ?? answer?.profile?.profileId ?? '',
  };
}

import { z } from 'zod';

import { parseArn } from '../../../domain/arn.ts';
import type { ChangeDetails } from '../../../domain/evidence.ts';
import { documentDigest } from '../documents.ts';
import type { LogEvent } from './event.ts';
import {
  ACCESS_KEY_ID,
  FUNCTION_ARN,
  GROUP_NAME,
  POLICY_ARN,
  POLICY_NAME,
  PROVIDER_ARN,
  ROLE_NAME,
  STATEMENT_ID,
  USER_NAME,
  VERSION_ID,
} from '../names.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;
const REGION = /^[a-z0-9-]{1,30}$/u;
/** A trust policy has 4096 characters at most, and some white space. */
const LONGEST_DOCUMENT = 10_000;

const one = (form: RegExp) => z.string().regex(form).optional().catch(undefined);
const parameters = z.object({
  userName: one(USER_NAME),
  roleName: one(ROLE_NAME),
  groupName: one(GROUP_NAME),
  policyArn: one(POLICY_ARN),
  policyName: one(POLICY_NAME),
  accessKeyId: one(ACCESS_KEY_ID),
  versionId: one(VERSION_ID),
  openIDConnectProviderArn: one(PROVIDER_ARN),
  sAMLProviderArn: one(PROVIDER_ARN),
});

/** What an event names, as far as it has the cloud's own form: whatever else stands in the request is left out. */
export function detailsOf(event: LogEvent): ChangeDetails {
  switch (event.service) {
    case 'iam':
      return present(ofIam(event));
    case 'lambda':
      return present(ofLambda(event));
    case 'rolesanywhere':
      return present({ rolesAnywhereId: fit(event.made.rolesAnywhereId, UUID), region: fit(event.region, REGION) });
    default:
      return {};
  }
}

type Named = { readonly [Key in keyof ChangeDetails]: ChangeDetails[Key] | undefined };

function ofIam(event: LogEvent): Named {
  const { userName, roleName, groupName, policyArn, policyName, ...others } = parameters.parse(event.parameters);
  return {
    userName,
    roleName,
    groupName,
    policyArn,
    policyName,
    accessKeyId: fit(event.createdKeyId, ACCESS_KEY_ID) ?? others.accessKeyId,
    policyVersionId: defaultSetBy(event) ?? undefined,
    idle: isIdleVersion(event) ? true : undefined,
    providerArn: fit(event.made.providerArn, PROVIDER_ARN) ?? others.openIDConnectProviderArn ?? others.sAMLProviderArn,
    documentDigest: digestOf(trustPutBy(event)),
  };
}

/** The version of a managed policy that a call made the default; null where it made none, or does not say which. */
export function defaultSetBy(event: LogEvent): string | null {
  if (event.name === 'SetDefaultPolicyVersion') return parameters.parse(event.parameters).versionId ?? null;
  if (event.name !== 'CreatePolicyVersion' || isIdleVersion(event)) return null;
  return fit(event.made.policyVersionId, VERSION_ID) ?? null;
}

/** A new version of a policy that is not its default. The log has the choice as it was sent: a truth value, or the word for it. */
export function isIdleVersion({ name, parameters: { setAsDefault } }: LogEvent): boolean {
  if (name !== 'CreatePolicyVersion') return false;
  if (typeof setAsDefault === 'string') return setAsDefault.toLowerCase() === 'false';
  return (setAsDefault ?? false) === false;
}

/** The trust policy that a call gave to a role; null where it gave none, or one longer than any. */
export function trustPutBy(event: LogEvent): string | null {
  const { policyDocument, assumeRolePolicyDocument } = event.parameters;
  const document =
    event.name === 'UpdateAssumeRolePolicy'
      ? policyDocument
      : event.name === 'CreateRole'
        ? assumeRolePolicyDocument
        : null;
  return typeof document === 'string' && document.length <= LONGEST_DOCUMENT ? document : null;
}

/** By Lambda's own answer: it spells the function out, and the statement as it is kept. */
function ofLambda({ made, region }: LogEvent): Named {
  if (made.statement.length > LONGEST_DOCUMENT) return {};
  const { Sid, Resource } = statementIn(made.statement);
  const functionArn = parseArn(Resource ?? '')?.region === region ? Resource : undefined;
  return { functionArn, statementId: Sid, documentDigest: digestOf(made.statement) };
}

const statementSchema = z.object({ Sid: one(STATEMENT_ID), Resource: one(FUNCTION_ARN) }).catch({});

function statementIn(text: string): z.output<typeof statementSchema> {
  try {
    return statementSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

function digestOf(document: string | null): string | undefined {
  return document === null ? undefined : (documentDigest(document) ?? undefined);
}

function fit(text: string, form: RegExp): string | undefined {
  return form.test(text) ? text : undefined;
}

function present(named: Named): ChangeDetails {
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import { parseArn, roleOf } from '../../../../domain/arn.ts';
import { matchesWildcard } from '../../../../domain/wildcard.ts';
import { normalJson } from '../../documents.ts';
import { ACCOUNT_ID, USER_NAME } from '../../names.ts';

/**
 * Whom to shut out, in one of three forms, each with nothing in it that a policy would read as a pattern or a variable: a user or
 * role by its ARN; an identity of another account by the unique id that its calls carry; a subject of an identity provider.
 */
export const callerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('principal'), id: z.string().refine(isUserOrRole, 'no ARN of one user or role') }),
  z.strictObject({ kind: z.literal('foreign'), id: z.string().regex(/^A(?:IDA|ROA)[A-Z0-9]{12,124}$/u) }),
  z.strictObject({
    kind: z.literal('federated'),
    id: z.string().regex(/^arn:aws:iam::\d{12}:(?:oidc|saml)-provider\/[\w.:/@+=,-]{1,255}$/u),
    subject: z.string().regex(/^[\w.:/@+=,|-]{1,255}$/u),
  }),
]);
export type TrustCaller = z.output<typeof callerSchema>;

const texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const statementSchema = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*'), z.record(z.string(), texts)]).optional(),
  Action: texts.optional(),
});
const documentSchema = z.looseObject({
  Statement: z.union([statementSchema.transform((one) => [one]), z.array(statementSchema)]),
});
type Statement = z.output<typeof statementSchema>;

export interface TrustEdit {
  /** The document to put; the same as before where there is nothing left to close. */
  readonly document: string;
  /** Statements taken out and put in, each as one line of JSON after `- ` or `+ `. Empty: nothing to close. */
  readonly diff: readonly string[];
}

/**
 * Takes the callers out of the Allow statements that name them. Where a statement lets them in under a wider name (everyone,
 * their account, their identity provider), a Deny of exactly them is added instead, and nobody else is touched. Never widens.
 * Throws `ValidationFailed` for a document that is not plainly a trust policy.
 */
export function closeTrust(text: string, callers: readonly TrustCaller[], sid: string): TrustEdit {
  const document = parse(text);
  const left = document.Statement.flatMap((statement) => without(statement, callers));
  // Where nobody else would be let in any more, the deny does it alone: a policy has to have a statement, and a person can read why.
  const kept = left.some(({ Effect }) => Effect === 'Allow') ? left : document.Statement;
  const open = callers.filter((caller) => kept.some((statement) => mayAdmit(statement, caller)));
  const denies = open
    .map((caller) => denyOf(caller))
    .filter(
      (deny) =>
        !kept.some((statement) => normalJson({ ...statement, Sid: null }) === normalJson({ ...deny, Sid: null })),
    )
    .map((deny, index) => ({ Sid: `${sid}${index === 0 ? '' : index}`, ...deny }));
  const after = [...kept, ...denies];
  const was = new Set(document.Statement.map(normalJson));
  const is = new Set(after.map(normalJson));
  const diff = [
    ...document.Statement.filter((one) => !is.has(normalJson(one))).map((one) => `- ${JSON.stringify(one)}`),
    ...after.filter((one) => !was.has(normalJson(one))).map((one) => `+ ${JSON.stringify(one)}`),
  ];
  return { document: diff.length === 0 ? text : JSON.stringify({ ...document, Statement: after }), diff };
}

/** Equal in meaning: IAM answers with other white space, other order and single values where lists of one were put. */
export function sameTrust(one: string, other: string): boolean {
  return one === other || normalJson(parse(one)) === normalJson(parse(other));
}

function parse(text: string): z.output<typeof documentSchema> {
  try {
    return documentSchema.parse(JSON.parse(text));
  } catch {
    throw new CordonFailure(
      'ValidationFailed',
      'The trust policy has a form that Cordon does not know. Edit it by hand.',
    );
  }
}

function without(statement: Statement, callers: readonly TrustCaller[]): readonly Statement[] {
  const { Effect, Principal } = statement;
  if (Effect !== 'Allow' || typeof Principal !== 'object' || !callers.some((caller) => isAbout(statement, caller))) {
    return [statement];
  }
  const named = Principal['AWS'] ?? [];
  const left = named.filter((name) => !callers.some((caller) => isExactly(name, caller)));
  if (left.length === named.length) return [statement];
  const { AWS: _, ...others } = Principal;
  const principal = left.length > 0 ? { ...Principal, AWS: left } : others;
  return Object.keys(principal).length > 0 ? [{ ...statement, Principal: principal }] : [];
}

/** Sessions of a role are the role: whoever holds it can give a session any name. */
function isExactly(name: string, caller: TrustCaller): boolean {
  if (caller.kind !== 'principal') return false;
  const [one, other] = [roleOf(name), roleOf(caller.id)];
  if (one && other) return one.account === other.account && one.name === other.name;
  return name === caller.id;
}

/** Whether the statement could let the caller in still. What can't be told from it counts as yes: a deny too many hurts nobody else. */
function mayAdmit(statement: Statement, caller: TrustCaller): boolean {
  const { Effect, Principal } = statement;
  if (Effect !== 'Allow' || !isAbout(statement, caller)) return false;
  if (Principal === undefined || Principal === '*') return true;
  if (caller.kind === 'federated') return (Principal['Federated'] ?? []).includes(caller.id);
  const names = Principal['AWS'] ?? [];
  if (caller.kind === 'foreign') return names.length > 0;
  const account = parseArn(caller.id)?.accountId ?? '';
  const wide = ['*', account, `arn:aws:iam::${account}:root`];
  return names.some((name) => wide.includes(name) || isExactly(name, caller));
}

function isAbout({ Action }: Statement, caller: TrustCaller): boolean {
  // NotAction: all but some; taken as about it.
  if (Action === undefined) return true;
  // `?` stands for one character in IAM; such a pattern is taken as about it as well.
  return Action.some(
    (pattern) => pattern.includes('?') || matchesWildcard(pattern.toLowerCase(), actionOf(caller).toLowerCase()),
  );
}

function actionOf(caller: TrustCaller): string {
  if (caller.kind !== 'federated') return 'sts:AssumeRole';
  return caller.id.includes(':saml-provider/') ? 'sts:AssumeRoleWithSAML' : 'sts:AssumeRoleWithWebIdentity';
}

function denyOf(caller: TrustCaller): Statement {
  const common = { Effect: 'Deny' as const, Action: [actionOf(caller)] };
  if (caller.kind === 'principal') return { ...common, Principal: { AWS: [caller.id] } };
  if (caller.kind === 'federated') {
    const issuer = caller.id.split('-provider/')[1] ?? '';
    const key = caller.id.includes(':saml-provider/') ? 'saml:sub' : `${issuer}:sub`;
    return { ...common, Principal: { Federated: [caller.id] }, Condition: { StringEquals: { [key]: caller.subject } } };
  }
  // A role's calls carry its id and the name of the session.
  const Condition = caller.id.startsWith('AROA')
    ? { StringLike: { 'aws:userid': `${caller.id}:*` } }
    : { StringEquals: { 'aws:userid': caller.id } };
  return { ...common, Principal: { AWS: ['*'] }, Condition };
}

function isUserOrRole(text: string): boolean {
  const arn = parseArn(text);
  const path = arn?.resource.split('/') ?? [];
  if (arn?.partition !== 'aws' || arn.service !== 'iam' || !ACCOUNT_ID.test(arn.accountId)) return false;
  return (
    path.length > 1 && (path[0] === 'user' || path[0] === 'role') && path.slice(1).every((part) => USER_NAME.test(part))
  );
}

import { UsageError } from '../failures.ts';
import { enabledActions } from '../../config/clouds.ts';
import type { Permission } from '../../providers/port.ts';
import { readSelf } from './aws.ts';
import type { PolicyPrinter } from './printer.ts';
import { literal, terraform } from './terraform.ts';

const NAME = 'cordon-guard';
const DESCRIPTION = 'Only the responder, and the roles allowed here, undo what it did to IAM users and roles';

/** Told with every guard: what a service control policy can't express, what it leaves unguarded, and what it costs. */
export const GUARD_NOTES: readonly string[] = [
  'A service control policy sees the ARN of a managed policy, but neither the name of an inline policy nor the id or the new state of a key: `CordonGuardsUsers` and `CordonGuardsRoles` cover every inline policy, trust policy, key and password, not those of a quarantine alone.',
  'Those two bind everyone but Cordon: without `--allow` for the roles of your administrators and of your infrastructure as code, nobody else makes a user, a role, a key or a password, their own included. Whoever gets into an allowed role can take a quarantine back; the watch of Cordon sees it afterwards.',
  'It does not guard groups, identity providers, permissions of functions, or permission sets and assignments of Identity Center: what Cordon changes there, whoever may change it otherwise may change back.',
  'It binds neither the management account of the organisation nor service-linked roles: keep Cordon out of the management account, and try it on one account first.',
];

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Ways to loosen a quarantine that Cordon itself never takes, so that the registry does not name them. */
const OTHER_WAYS = {
  policies: ['CreatePolicyVersion', 'DeletePolicy', 'DeletePolicyVersion', 'SetDefaultPolicyVersion', 'UntagPolicy'],
  users: [
    'CreateAccessKey',
    'ChangePassword',
    'CreateLoginProfile',
    'UpdateLoginProfile',
    'UploadSSHPublicKey',
    'UploadSigningCertificate',
    'CreateServiceSpecificCredential',
    'ResetServiceSpecificCredential',
  ],
} as const;

/** Who is not bound: Cordon by everything, the allowed by what has to cover more than quarantines. ARNs, with wildcards. */
interface Free {
  readonly self: string;
  readonly allowed: readonly string[];
}

/**
 * A service control policy under which only `self` changes what the enabled actions change on users, roles and Cordon's own managed
 * policies. Condition keys:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
 */
export function guardPolicy(writes: readonly Permission[], policyPath: string, { self, allowed }: Free): object {
  const names = (kind: string) =>
    writes.filter(({ resource }) => resource.includes(`:${kind}/`)).map(({ name }) => name);
  const isAttachment = (name: string) => /^iam:(?:At|De)tach/u.test(name);
  const allBut = (arns: readonly string[]) => ({ ArnNotLike: { 'aws:PrincipalArn': arns } });
  const others = allBut([self]);
  const callers = allBut([self, ...allowed]);
  const ownPolicies = `arn:aws:iam::*:policy${policyPath}*`;
  const iam = (operations: readonly string[]) => operations.map((name) => `iam:${name}`);
  const coarse = (kind: string) => names(kind).filter((name) => !isAttachment(name));
  const statements = [
    deny('CordonGuardsPolicies', [...names('policy'), ...iam(OTHER_WAYS.policies)], ownPolicies, others),
    deny('CordonGuardsAttachments', iam(['DetachUserPolicy', 'DetachRolePolicy']), '*', {
      ...others,
      ArnLike: { 'iam:PolicyARN': [ownPolicies] },
    }),
    deny('CordonGuardsUsers', [...coarse('user'), ...iam(OTHER_WAYS.users)], 'arn:aws:iam::*:user/*', callers),
    deny('CordonGuardsRoles', coarse('role'), 'arn:aws:iam::*:role/*', callers),
  ];
  return { Version: '2012-10-17', Statement: statements.filter(({ Action }) => Action.length > 0) };
}

function deny(Sid: string, actions: readonly string[], resource: string, Condition: Statement['Condition']): Statement {
  return { Sid, Effect: 'Deny', Action: [...new Set(actions)].toSorted(), Resource: [resource], Condition };
}

export const awsGuardPrinter: PolicyPrinter = {
  formats: ['json', 'terraform', 'cloudformation'],
  options: ['self', 'allow'],
  async print(config, format, { self, allow: allowed = [] }) {
    if (self === undefined) throw new UsageError('--self ARN is needed: the role that may change a quarantine.');
    const { arn } = readSelf(self);
    allowed.forEach(checkAllowed);
    const { AWS_ACTIONS } = await import('../../providers/aws/actions/index.ts');
    const { QUARANTINE_PATH } = await import('../../providers/aws/actions/quarantine-principal/document.ts');
    const enabled = enabledActions(config, 'aws');
    const permissions = Object.entries(AWS_ACTIONS).flatMap(([id, { facts }]) =>
      enabled.includes(id) ? facts.permissions : [],
    );
    const writes = permissions.filter(({ name }) => /^iam:(?!Get|List|Simulate)/u.test(name));
    const policy = guardPolicy(writes, QUARANTINE_PATH, { self: arn, allowed });
    return { document: wrap(policy)[format as 'json' | 'terraform' | 'cloudformation'], notes: GUARD_NOTES };
  },
};

/** A wildcard may stand in it, for a path or an account; every role at once would leave nothing guarded. */
function checkAllowed(arn: string): void {
  if (/^arn:aws:iam::(?:\d{12}|\*):role\/(?=.*\w)[\w+=,.@/*-]+$/u.test(arn)) return;
  throw new UsageError(
    '--allow must be arn:aws:iam::ACCOUNT:role/NAME; with * in it for several, and not for every role.',
  );
}

function wrap(policy: object) {
  const resource = { name: NAME, description: DESCRIPTION, type: 'SERVICE_CONTROL_POLICY' };
  const Properties = { Name: NAME, Description: DESCRIPTION, Type: 'SERVICE_CONTROL_POLICY', Content: policy };
  return {
    json: policy,
    terraform: terraform(['aws'], {
      resource: { aws_organizations_policy: { [NAME]: { ...resource, content: literal(JSON.stringify(policy)) } } },
    }),
    cloudformation: {
      AWSTemplateFormatVersion: '2010-09-09',
      Description: DESCRIPTION,
      Resources: { CordonGuard: { Type: 'AWS::Organizations::Policy', Properties } },
    },
  };
}

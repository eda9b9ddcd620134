import { UsageError } from '../failures.ts';
import { enabledActions } from '../clouds.ts';
import type { Permission } from '../../providers/port.ts';
import { readSelf } from './aws.ts';
import type { PolicyPrinter } from './printer.ts';
import { literal, terraform } from './terraform.ts';

const NAME = 'cordon-guard';
const DESCRIPTION = 'Only the responder changes a quarantine';

/** Told with every guard: what a service control policy can't express, and what it costs. */
export const GUARD_NOTES: readonly string[] = [
  'A service control policy sees the ARN of a managed policy, but neither the name of an inline policy nor the id or the new state of a key: `CordonGuardsUsers` and `CordonGuardsRoles` cover every inline policy, trust policy, key and password, not those of a quarantine alone.',
  'Without --strict those two bind callers who are IAM users, who then manage no keys, passwords or inline policies, their own included. A session of a role can still take a quarantine back; the watch of Cordon sees it afterwards.',
  'With --strict they bind everyone: add the roles of your administrators and of your infrastructure as code to `aws:PrincipalArn` first, or nobody but Cordon makes a user or role.',
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

/**
 * A service control policy under which only `self` changes what the enabled actions change. Condition keys:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
 */
export function guardPolicy(writes: readonly Permission[], policyPath: string, self: string, strict: boolean): object {
  const names = (kind: string) =>
    writes.filter(({ resource }) => resource.includes(`:${kind}/`)).map(({ name }) => name);
  const isAttachment = (name: string) => /^iam:(?:At|De)tach/u.test(name);
  const others = { ArnNotLike: { 'aws:PrincipalArn': [self] } };
  const callers = strict ? others : { ...others, StringEquals: { 'aws:PrincipalType': 'User' } };
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
  options: ['self', 'strict'],
  async print(config, format, { self, strict = false }) {
    if (self === undefined) throw new UsageError('--self ARN is needed: the role that may change a quarantine.');
    const { arn } = readSelf(self);
    const { AWS_ACTIONS } = await import('../../providers/aws/actions/index.ts');
    const { QUARANTINE_PATH } = await import('../../providers/aws/actions/quarantine-principal/document.ts');
    const enabled = enabledActions('aws', config);
    const permissions = Object.entries(AWS_ACTIONS).flatMap(([id, { facts }]) =>
      enabled.includes(id) ? facts.permissions : [],
    );
    const writes = permissions.filter(({ name }) => /^iam:(?!Get|List|Simulate)/u.test(name));
    const policy = guardPolicy(writes, QUARANTINE_PATH, arn, strict);
    return { document: wrap(policy)[format as 'json' | 'terraform' | 'cloudformation'], notes: GUARD_NOTES };
  },
};

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

import type { TrustPolicy } from '../../providers/aws/account-policies.ts';
import type { PolicyFormat, PrintedPolicy } from './printer.ts';
import { literal, terraform } from './terraform.ts';

const NAME = 'cordon';
const DESCRIPTION = 'The role by which Cordon gathers evidence and contains identities in this account';

/** The role of a listed account: who may assume it, and what it may do at most; each session may do less. */
export interface MemberRole {
  readonly roleArn: string;
  readonly trust: TrustPolicy;
  readonly policy: object;
}

export function printMemberRole(format: PolicyFormat, { roleArn, trust, policy }: MemberRole): PrintedPolicy {
  const path = (roleArn.split(':role/')[1] ?? '').split('/');
  const name = path.at(-1) ?? '';
  const Path = ['', ...path.slice(0, -1), ''].join('/');
  const role = { RoleName: name, Path, AssumeRolePolicyDocument: trust };
  const notes = ['It is made in the account that it names, and may be assumed by the identity of Cordon alone.'];
  switch (format) {
    case 'terraform':
      return { document: roleTerraform(name, Path, trust, policy), notes };
    case 'cloudformation': {
      const CordonRole = { Type: 'AWS::IAM::Role', Properties: { ...role, Description: DESCRIPTION } };
      const attached = { Description: DESCRIPTION, PolicyDocument: policy, Roles: [{ Ref: 'CordonRole' }] };
      const CordonPolicy = { Type: 'AWS::IAM::ManagedPolicy', Properties: attached };
      const Resources = { CordonRole, CordonPolicy };
      return {
        document: { AWSTemplateFormatVersion: '2010-09-09', Description: DESCRIPTION, Resources },
        notes: [...notes, 'Its stack needs CAPABILITY_NAMED_IAM.'],
      };
    }
    default:
      return { document: { ...role, PolicyDocument: policy }, notes };
  }
}

function roleTerraform(name: string, path: string, trust: object, policy: object): object {
  const described = { description: literal(DESCRIPTION) };
  return terraform(['aws'], {
    resource: {
      aws_iam_role: {
        [NAME]: { name: literal(name), path, ...described, assume_role_policy: literal(JSON.stringify(trust)) },
      },
      aws_iam_policy: { [NAME]: { name: NAME, ...described, policy: literal(JSON.stringify(policy)) } },
      aws_iam_role_policy_attachment: {
        [NAME]: { role: `\${aws_iam_role.${NAME}.name}`, policy_arn: `\${aws_iam_policy.${NAME}.arn}` },
      },
    },
  });
}

import type { Config } from '../../config/schema.ts';
import type { Principal } from '../../domain/principal.ts';
import { resourceOf } from '../../domain/principal.ts';
import { UsageError } from '../failures.ts';
import { enabledActions } from '../../config/clouds.ts';
import { configuredProvider } from '../clouds.ts';
import { printMemberRole } from './aws-member.ts';
import type { PolicyFormat, PolicyPrinter, PrintedPolicy } from './printer.ts';
import { literal, terraform } from './terraform.ts';

const NAME = 'cordon';
const DESCRIPTION = 'What Cordon needs to gather evidence and to contain identities';

export interface Self {
  readonly arn: string;
  /** Twelve digits, or `*` for every account. */
  readonly account: string;
  readonly kind: 'user' | 'role';
  /** Without its path, as attachments take it. */
  readonly name: string;
}

/** Throws `UsageError`. */
export function readSelf(arn: string): Self {
  const [, account = '', kind, name = ''] =
    /^arn:aws:iam::(\d{12}|\*):(user|role)\/(?:.+\/)?([\w+=,.@-]+)$/u.exec(arn) ?? [];
  if (kind !== 'user' && kind !== 'role') {
    const form = 'arn:aws:iam::ACCOUNT:role/NAME or …:user/NAME';
    throw new UsageError(`--self must be ${form}; of a session it is the role, and not arn:aws:sts::…:assumed-role/….`);
  }
  return { arn, account, kind, name };
}

export const awsPolicyPrinter: PolicyPrinter = {
  formats: ['json', 'terraform', 'cloudformation'],
  options: ['account', 'self'],
  async print(config, format, { account, self: arn }) {
    if (account !== undefined && !/^\d{12}$/u.test(account))
      throw new UsageError('--account must be the twelve digits of an account.');
    const self = arn === undefined ? undefined : readSelf(arn);
    const { accounts, identityCenter } = config.aws;
    const member = accounts.find(({ accountId }) => accountId === account);
    const center = identityCenter?.role?.accountId === account ? identityCenter?.role : undefined;
    if (self && !/^\d{12}$/u.test(self.account)) throw new UsageError('--self must name its account here.');
    // The roles of other accounts are for themselves; of them --self is whom they trust.
    if (self && !member && !center && account !== undefined && self.account !== account)
      throw new UsageError(`--self belongs to account ${self.account}, and the policy is for ${account}.`);
    const { hubPolicy, identityCenterPolicy, memberPolicy, memberTrustPolicy } =
      await import('../../providers/aws/account-policies.ts');
    const enabled = enabledActions(config, 'aws');
    if (member) {
      const trust = memberTrustPolicy(member, arn ?? (await ownArn(config)));
      return printMemberRole(format, { roleArn: member.roleArn, trust, policy: memberPolicy(enabled, member) });
    }
    if (center) {
      const trust = memberTrustPolicy(center, arn ?? (await ownArn(config)));
      return printMemberRole(format, { roleArn: center.roleArn, trust, policy: identityCenterPolicy(enabled, center) });
    }
    const accountId = account ?? self?.account ?? (await ownIdentity(config)).accountId;
    const policy = hubPolicy(enabled, accountId, config.aws, arn);
    const { document, notes } = wrap(format, policy, self);
    return { document, notes: [...notes, ...notesOf(policy, config)] };
  },
};

async function ownIdentity(config: Config): Promise<Principal> {
  const [self] = await (await configuredProvider('aws', config)).selves();
  return self;
}

/** Whom the role of a listed account trusts. Throws `UsageError` where a trust policy can't name just that identity. */
async function ownArn(config: Config): Promise<string> {
  const self = await ownIdentity(config);
  if (self.kind === 'iam-user' || self.kind === 'role-session') return resourceOf(self);
  throw new UsageError(`This process speaks as ${self.kind}: name the user or role that Cordon runs as with --self.`);
}

/** IAM's quota of a managed policy, in characters without white space. */
const MANAGED_POLICY_SIZE = 6144;

function notesOf(policy: object, { aws: { accounts } }: Config): readonly string[] {
  if (accounts.length === 0) return [];
  const size = JSON.stringify(policy).length;
  return [
    'It lets Cordon assume the roles of `aws.accounts`; --account ID prints the role of one of them.',
    ...(size > MANAGED_POLICY_SIZE
      ? [`It has ${size} characters, and a managed policy holds ${MANAGED_POLICY_SIZE}: split it by its statements.`]
      : []),
  ];
}

function wrap(format: PolicyFormat, policy: object, self: Self | undefined): PrintedPolicy {
  const notes =
    self === undefined ? ['Without --self it may be turned against Cordon itself, and is attached to nobody.'] : [];
  switch (format) {
    case 'terraform':
      return { document: awsTerraform(policy, self), notes };
    case 'cloudformation':
      return { document: cloudFormation(policy, self), notes };
    default:
      return { document: policy, notes };
  }
}

function awsTerraform(policy: object, self: Self | undefined): object {
  const attachment = self && {
    [`aws_iam_${self.kind}_policy_attachment`]: {
      [NAME]: { [self.kind]: literal(self.name), policy_arn: `\${aws_iam_policy.${NAME}.arn}` },
    },
  };
  const resource = { name: NAME, description: DESCRIPTION, policy: literal(JSON.stringify(policy)) };
  return terraform(['aws'], { resource: { aws_iam_policy: { [NAME]: resource }, ...attachment } });
}

function cloudFormation(policy: object, self: Self | undefined): object {
  const Properties = {
    Description: DESCRIPTION,
    PolicyDocument: policy,
    ...(self ? { [self.kind === 'role' ? 'Roles' : 'Users']: [self.name] } : {}),
  };
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: DESCRIPTION,
    Resources: { CordonPolicy: { Type: 'AWS::IAM::ManagedPolicy', Properties } },
  };
}

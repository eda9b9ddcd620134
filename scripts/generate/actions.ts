import { decideWithoutEvidence } from '../../src/assess/rules.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { Alert } from '../../src/domain/alert.ts';
import type { ActivityFacts } from '../../src/domain/evidence.ts';
import type { PlannedCall } from '../../src/domain/plan.ts';
import type { AwsPrincipalKind, Principal } from '../../src/domain/principal.ts';
import type { AwsActionDefinition } from '../../src/providers/aws/actions/definition.ts';
import { AWS_ACTIONS } from '../../src/providers/aws/actions/index.ts';
import { proposeActions } from '../../src/providers/aws/propose.ts';
import { exampleAccount } from './example-account.ts';
import { code, inlineCode, page, table } from './markdown.ts';
import { permissionTable } from './permissions.ts';

const SETTINGS = { region: 'us-east-1', logRegions: ['us-east-1'] };
const REVERSIBILITY = { exact: 'can be undone exactly', partial: 'can be undone in part', none: 'can NOT be undone' };
const EFFECT = {
  declarative: 'Repeating it is harmless (declarative)',
  creating: 'Tried once, then reconciled, never repeated (creating)',
};

/** One of each kind; the compiler asks for a new one. */
const EXAMPLES: Readonly<Record<AwsPrincipalKind, string>> = {
  'iam-user': 'arn:aws:iam::123456789012:user/alice',
  'role-session': 'arn:aws:iam::123456789012:role/deploy',
  'identity-center-user':
    'arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789',
  'federated-user': 'arn:aws:sts::123456789012:federated-user/alice',
  'service-linked-role': 'arn:aws:iam::123456789012:role/aws-service-role/AWSServiceRoleForSupport',
  root: 'arn:aws:iam::123456789012:root',
  'aws-service': 'arn:aws:iam::123456789012:role/service',
};

export async function actionsPage(): Promise<string> {
  const sections = await Promise.all(Object.values(AWS_ACTIONS).map(actionSection));
  return page(
    'Actions',
    'src/providers/aws/actions and src/assess/rules.ts',
    'What a containment in AWS may consist of, in the order in which it is carried out. Which are enabled: `aws.actions` in the ' +
      '[configuration](configuration.md).',
    '## Which identities',
    'An alert about an identity that Cordon has no actions for is parked: a person is paged. Sessions of roles that an IAM user ' +
      'assumed are revoked with that user.',
    table(['Kind', 'Contained by', 'What a person does'], (Object.keys(EXAMPLES) as AwsPrincipalKind[]).map(kindRow)),
    ...sections,
  );
}

function kindRow(kind: AwsPrincipalKind): readonly string[] {
  const principal = principalOf(kind);
  const decision = decideWithoutEvidence({
    alert: { sample: false } as Alert,
    resolution: { status: 'resolved', principal },
    gathered: null,
    policy: { ...configSchema.parse({}).assessment, allowlist: [], asOf: '' },
  });
  if (decision) return [inlineCode(kind), 'a person', decision.text];
  const actions = proposeActions(principal, ASSUMED_A_ROLE, 'ca_1', Object.keys(AWS_ACTIONS)).map(
    ({ action }) => action,
  );
  return [inlineCode(kind), actions.map((id) => `[${id}](#${id})`).join(', '), ''];
}

function principalOf(kind: AwsPrincipalKind): Principal {
  const arn = EXAMPLES[kind];
  return { cloud: 'aws', kind, accountId: '123456789012', name: arn.slice(arn.lastIndexOf('/') + 1), arn };
}

/** With a role assumed, since its sessions are part of a containment. */
const ASSUMED_A_ROLE = {
  assumedRoles: [{ roleArn: EXAMPLES['role-session'], sessionName: 'alice', at: '2026-01-01T00:00:00Z' }],
  around: { truncated: false },
} as unknown as ActivityFacts;

async function actionSection(action: AwsActionDefinition): Promise<string> {
  const { id, title, description, example, effect, reversibility, permissions } = action.facts;
  const { calls, mayBreak } = await action.create(exampleAccount(example), SETTINGS).preflight(example);
  return [
    `## ${id}`,
    `**${title}.** ${description}`,
    [
      `- Changes ${inlineCode(example.target)}, for example.`,
      `- It ${REVERSIBILITY[reversibility]}.`,
      `- ${EFFECT[effect]}.`,
    ].join('\n'),
    'The calls of the example, as an approver sees them:',
    code('text', calls.map(callText).join('\n')),
    'What may break:',
    mayBreak.map((line) => `- ${line}`).join('\n'),
    permissionTable(permissions),
  ].join('\n\n');
}

function callText({ service, operation, parameters }: PlannedCall): string {
  const given = Object.entries(parameters).map(
    ([name, value]) => `  ${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [`${service} ${operation}`, ...given].join('\n');
}

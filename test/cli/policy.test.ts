import { join } from 'node:path';

import { expect, test } from 'vitest';

import { UsageError } from '../../src/cli/failures.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { leastPrivilegePolicy } from '../../src/providers/aws/index.ts';
import { leastPrivilegeRole as azureRole } from '../../src/providers/azure/index.ts';
import { leastPrivilegeRole as gcpRole } from '../../src/providers/gcp/index.ts';
import { cordon, scratch } from './cordon.ts';

const ACCOUNT = '123456789012';
const SELF = `arn:aws:iam::${ACCOUNT}:role/security/cordon`;
const OBJECT_ID = 'aaaaaaaa-0000-4000-8000-000000000009';
const EMAIL = 'cordon@cordon-home.iam.gserviceaccount.com';
const SUBSCRIPTION = '99999999-2222-4333-8444-555555555555';
const AWS_ACTIONS = ['deny-principal', 'deactivate-access-keys', 'revoke-role-sessions', 'quarantine-principal'];
const AZURE_ACTIONS = ['disable-service-principal', 'tighten-role-assignments'];
const GCP_ACTIONS = ['disable-service-account', 'remove-iam-bindings'];
const CONFIG = [
  `aws: {actions: [${AWS_ACTIONS.join(', ')}]}`,
  `azure: {tenantId: 11111111-2222-4333-8444-555555555555, subscriptions: [${SUBSCRIPTION}], actions: [${AZURE_ACTIONS.join(', ')}]}`,
  `gcp: {projects: [shop-prod, shop-test], actions: [${GCP_ACTIONS.join(', ')}]}`,
].join('\n');

async function print(args: readonly string[]): Promise<{ readonly text: string; readonly notes: string }> {
  const cwd = await scratch({ 'cordon.yaml': CONFIG });
  const { status, stdout, stderr } = await cordon(['policy', 'print', ...args], { cwd });
  expect(status, stderr).toBe(0);
  return { text: stdout, notes: stderr };
}

const parsed = async (args: readonly string[]): Promise<unknown> => JSON.parse((await print(args)).text);

const policy = leastPrivilegePolicy(AWS_ACTIONS, ACCOUNT, SELF);
const least = azureRole(AZURE_ACTIONS, { subscriptions: [SUBSCRIPTION] });

test('aws: the same policy as JSON, Terraform and CloudFormation, attached to the identity that it is for', async () => {
  expect(await parsed(['aws', '--self', SELF])).toEqual(policy);
  expect(await parsed(['aws', '--self', SELF, '--format', 'terraform'])).toMatchObject({
    terraform: { required_providers: { aws: { source: 'hashicorp/aws' } } },
    resource: {
      aws_iam_policy: { cordon: { name: 'cordon', policy: JSON.stringify(policy) } },
      aws_iam_role_policy_attachment: { cordon: { role: 'cordon', policy_arn: '${aws_iam_policy.cordon.arn}' } },
    },
  });
  expect(
    await parsed(['aws', '--self', `arn:aws:iam::${ACCOUNT}:user/cordon`, '--format', 'cloudformation']),
  ).toMatchObject({
    AWSTemplateFormatVersion: '2010-09-09',
    Resources: {
      CordonPolicy: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: { PolicyDocument: { Version: '2012-10-17' }, Users: ['cordon'] },
      },
    },
  });
});

test('azure: the role and the permissions of Graph, for each subscription', async () => {
  const json = await print(['azure']);
  expect(JSON.parse(json.text)).toEqual(JSON.parse(JSON.stringify(least)));
  expect(json.notes).toContain('Application.ReadWrite.All may add a secret');
  expect(await parsed(['azure', '--format', 'terraform', '--self', OBJECT_ID])).toMatchObject({
    variable: { principal_id: { default: OBJECT_ID } },
    locals: {
      cordon_scopes: [`/subscriptions/${SUBSCRIPTION}`],
      cordon_graph_permissions: least.graphApplicationPermissions,
    },
    resource: {
      azurerm_role_definition: { cordon: { permissions: [{ actions: least.roleDefinition.Actions }] } },
      azurerm_role_assignment: { cordon: { scope: '${each.value}', principal_id: '${var.principal_id}' } },
      azuread_app_role_assignment: { cordon: { principal_object_id: '${var.principal_id}' } },
    },
  });
});

test('azure: Bicep has every action in the role, and says what Bicep leaves to a person', async () => {
  const { text, notes } = await print(['azure', '--format', 'bicep', '--self', OBJECT_ID]);
  const [, actions = ''] = /actions: \[\n([^\]]*)\]/u.exec(text) ?? [];
  expect(actions.trim().split(/\s+/u)).toEqual(least.roleDefinition.Actions.map((name) => `'${name}'`));
  for (const name of least.graphApplicationPermissions) expect(text).toContain(`//   ${name}\n`);
  expect(text).toContain(`param principalId string = '${OBJECT_ID}'`);
  expect(text).toContain("targetScope = 'subscription'");
  for (const [open, close] of [
    ['{', '}'],
    ['[', ']'],
    ['(', ')'],
  ] as const)
    expect(text.split(open).length, open).toBe(text.split(close).length);
  expect(notes).toContain('Bicep does not grant application permissions');
});

test('gcp: a role of the organisation, or of each project without what can not stand there', async () => {
  const projects = ['shop-prod', 'shop-test'];
  const whole = gcpRole(GCP_ACTIONS, { projects });
  const own = gcpRole(GCP_ACTIONS, { projects }, 'project');
  expect(await parsed(['gcp'])).toEqual(whole);
  expect(await parsed(['gcp', '--format', 'terraform', '--self', EMAIL])).toMatchObject({
    variable: { organization_id: { type: 'string' }, service_account: { default: EMAIL } },
    resource: {
      google_organization_iam_custom_role: { cordon: { permissions: whole.includedPermissions } },
      google_organization_iam_member: { cordon: { member: 'serviceAccount:${var.service_account}' } },
    },
  });
  expect(await parsed(['gcp', '--project-role', '--format', 'terraform'])).toMatchObject({
    locals: { cordon_projects: projects },
    resource: {
      google_project_iam_custom_role: {
        cordon: { for_each: expect.any(String), permissions: own.includedPermissions },
      },
      google_project_iam_member: { cordon: { role: '${google_project_iam_custom_role.cordon[each.value].name}' } },
    },
  });
  expect(own.includedPermissions.some((name) => /folders|organizations/u.test(name))).toBe(false);
});

interface Guard {
  readonly Statement: readonly {
    readonly Sid: string;
    readonly Effect: string;
    readonly Action: readonly string[];
    readonly Resource: readonly string[];
    readonly Condition: Record<string, Record<string, unknown>>;
  }[];
}

test('aws-guard: denies every change that Cordon makes to everyone but Cordon, and never grants', async () => {
  const guard = (await parsed(['aws-guard', '--self', SELF])) as Guard;
  for (const { Effect, Action, Condition } of guard.Statement) {
    expect(Effect).toBe('Deny');
    expect(Condition['ArnNotLike']).toEqual({ 'aws:PrincipalArn': [SELF] });
    for (const name of Action) expect(name).toMatch(/^iam:[A-Za-z]+$/u);
  }
  const changes = policy.Statement.filter(({ Sid }) => Sid.startsWith('CordonChanges')).flatMap(({ Action }) => Action);
  const guarded = new Set(guard.Statement.flatMap(({ Action }) => Action));
  // To attach one more policy takes nothing away: a deny wins.
  expect(changes.filter((name) => !guarded.has(name) && !name.startsWith('iam:Attach'))).toEqual([]);
  expect(guard.Statement.find(({ Sid }) => Sid === 'CordonGuardsAttachments')?.Condition['ArnLike']).toEqual({
    'iam:PolicyARN': ['arn:aws:iam::*:policy/cordon/*'],
  });
  expect(JSON.stringify(guard).length).toBeLessThan(5120);
});

test('aws-guard: binds everyone but Cordon and the allowed roles, and says what it does not guard', async () => {
  const free = (guard: Guard) =>
    Object.fromEntries(
      guard.Statement.map(({ Sid, Condition }) => [Sid, Condition['ArnNotLike']?.['aws:PrincipalArn']]),
    );
  const { text, notes } = await print(['aws-guard', '--self', SELF]);
  expect(Object.values(free(JSON.parse(text) as Guard))).toEqual([[SELF], [SELF], [SELF], [SELF]]);
  expect(text).not.toContain('aws:PrincipalType');
  expect(notes).toContain('neither the name of an inline policy nor the id');
  for (const unguarded of ['groups', 'identity providers', 'functions', 'permission sets'])
    expect(notes).toContain(unguarded);
  const admins = [
    'arn:aws:iam::*:role/admin',
    'arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Ops_*',
  ];
  // What names Cordon's own policies binds nobody who has other work to do: those stay Cordon's alone.
  expect(free((await parsed(['aws-guard', '--self', SELF, '--allow', ...admins])) as Guard)).toEqual({
    CordonGuardsPolicies: [SELF],
    CordonGuardsAttachments: [SELF],
    CordonGuardsUsers: [SELF, ...admins],
    CordonGuardsRoles: [SELF, ...admins],
  });
  expect(await parsed(['aws-guard', '--self', SELF, '--format', 'cloudformation'])).toMatchObject({
    Resources: {
      CordonGuard: { Type: 'AWS::Organizations::Policy', Properties: { Content: JSON.parse(text) as object } },
    },
  });
  expect(await parsed(['aws-guard', '--self', SELF, '--format', 'terraform'])).toMatchObject({
    resource: { aws_organizations_policy: { 'cordon-guard': { content: JSON.stringify(JSON.parse(text)) } } },
  });
});

test.each([
  [['aws', '--format', 'bicep'], 'its formats are json, terraform, cloudformation'],
  [['azure', '--format', 'cloudformation'], 'its formats are json, terraform, bicep'],
  [['gcp', '--format', 'yaml'], 'its formats are json, terraform.'],
  [['mars'], 'one of aws, azure, gcp, aws-guard'],
  [['constructor'], 'one of aws, azure, gcp, aws-guard'],
  [['gcp', '--account', ACCOUNT], '--account says nothing about gcp'],
  [['aws', '--allow', SELF], '--allow says nothing about aws'],
  [['aws-guard', '--self', SELF, '--allow', 'arn:aws:iam::*:role/*'], 'not for every role'],
  [['aws-guard', '--self', SELF, '--allow', '*'], '--allow must be'],
  [['aws', '--account', '12'], 'twelve digits'],
  [['aws', '--account', '999999999999', '--self', SELF], `--self belongs to account ${ACCOUNT}`],
  [['aws', '--self', 'arn:aws:sts::123456789012:assumed-role/cordon/x'], 'of a session it is the role'],
  [['aws', '--self', 'arn:aws:iam::*:role/cordon'], 'must name its account'],
  [['aws', '--self', 'arn:aws:iam::123456789012:role/*'], '--self must be'],
  [['aws-guard'], '--self ARN is needed'],
  [['azure', '--self', 'cordon'], 'Object id'],
  [['gcp', '--self', 'me@example.com'], 'e-mail address of the service account'],
] as const)('policy print %j is refused', async (args, message) => {
  await expect(refused(args)).rejects.toThrow(message);
});

/** Within this process, since a process each takes its time: the binary makes exit status 2 of a `UsageError`. */
async function refused(args: readonly string[], config = CONFIG): Promise<void> {
  const file = join(await scratch({ 'cordon.yaml': config }), 'cordon.yaml');
  try {
    await buildProgram().parseAsync(['--config', file, 'policy', 'print', ...args], { from: 'user' });
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    throw error;
  }
}

test.each(['azure', 'gcp'])('policy print %s needs its section', async (cloud) => {
  await expect(refused([cloud], '')).rejects.toThrow(`no section \`${cloud}\``);
});

import { GUARD_NOTES } from '../../src/cli/policy/aws-guard.ts';
import { POLICY_PRINTERS } from '../../src/cli/policy/print.ts';
import type { Cloud } from '../../src/domain/cloud.ts';
import { leastPrivilegePolicy } from '../../src/providers/aws/policy.ts';
import type { Permission } from '../../src/providers/port.ts';
import type { CloudReference } from './clouds.ts';
import { CLOUD_REFERENCES } from './clouds.ts';
import { code, inlineCode, page, table } from './markdown.ts';

/** Any twelve digits; in the file stands `<account>`, which AWS refuses until it is filled in. */
const ACCOUNT = '123456789012';

const COMMANDS: Readonly<Record<Cloud, string>> = {
  aws: 'cordon policy print aws --self arn:aws:iam::123456789012:role/cordon',
  azure: 'cordon policy print azure --format terraform > cordon.tf.json',
  gcp: 'cordon policy print gcp --format terraform > cordon.tf.json',
};
const RESOURCES: Readonly<Record<Cloud, string>> = {
  aws: 'The resource is an ARN. [aws-policy.json](aws-policy.json) is the policy for the default actions; AWS refuses it until `<account>` is filled in. With `--self` it denies Cordon every change to itself.',
  azure:
    'The resource is the scope at which the role is assigned, each subscription of the configuration; `graph` is an application permission of Microsoft Graph, to which an administrator consents; `<destination>` is what a diagnostic setting sends to, granted there and nowhere else.',
  gcp: 'The resource is where the role is granted; what is granted on the organisation holds below it. `--project-role` leaves out what only an organisation can grant.',
};

export function awsPolicy(): object {
  const defaults = CLOUD_REFERENCES.find(({ cloud }) => cloud === 'aws')?.defaults ?? [];
  const policy = JSON.stringify(leastPrivilegePolicy(defaults, ACCOUNT));
  return JSON.parse(policy.replaceAll(ACCOUNT, '<account>')) as object;
}

export function permissionsPage(): string {
  return page(
    'Permissions',
    'src/providers',
    'What Cordon may be granted in each cloud, and why. `cordon policy print` prints exactly that for your configuration, without a ' +
      'wildcard among the actions; `cordon doctor` tells which of them are missing.',
    ...CLOUD_REFERENCES.flatMap(cloudSections),
    '## A guard for quarantines in AWS',
    'Optional: a service control policy under which only the role of Cordon, and the roles that you allow, undo what it did to users ' +
      'and roles. Attach it to the accounts in which Cordon acts.',
    code(
      'sh',
      "cordon policy print aws-guard --self 'arn:aws:iam::*:role/cordon' --allow 'arn:aws:iam::*:role/admin' > cordon-guard.json",
    ),
    GUARD_NOTES.map((line) => `- ${line}`).join('\n'),
  );
}

function cloudSections({ cloud, title, evidence, actions, defaults }: CloudReference): readonly string[] {
  const formats = POLICY_PRINTERS[cloud]?.formats.map(inlineCode).join(', ') ?? '';
  return [
    `## ${title}`,
    `${RESOURCES[cloud]} Formats: ${formats}.`,
    code('sh', COMMANDS[cloud]),
    `### ${title}: to read evidence`,
    permissionTable(evidence),
    ...actions.flatMap(({ id, permissions }) => [
      `### ${id}`,
      defaults.includes(id) ? 'Enabled by default.' : `Only when it is listed under ${inlineCode(`${cloud}.actions`)}.`,
      permissionTable(permissions),
    ]),
  ];
}

export function permissionTable(permissions: readonly Permission[]): string {
  const rows = permissions.map(({ name, resource, purpose }) => [inlineCode(name), inlineCode(resource), purpose]);
  return table(['Permission', 'Resource', 'Purpose'], rows);
}

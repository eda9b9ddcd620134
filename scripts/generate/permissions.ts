import { configSchema } from '../../src/config/schema.ts';
import { AWS_ACTIONS } from '../../src/providers/aws/actions/index.ts';
import { leastPrivilegePolicy } from '../../src/providers/aws/policy.ts';
import { EVIDENCE_PERMISSIONS } from '../../src/providers/aws/permissions.ts';
import type { Permission } from '../../src/providers/port.ts';
import { code, inlineCode, page, table } from './markdown.ts';

const DEFAULT_ACTIONS: readonly string[] = configSchema.parse({}).aws.actions;
/** Any twelve digits; in the file stands `<account>`, which AWS refuses until it is filled in. */
const ACCOUNT = '123456789012';

export function awsPolicy(): object {
  const policy = JSON.stringify(leastPrivilegePolicy(DEFAULT_ACTIONS, ACCOUNT));
  return JSON.parse(policy.replaceAll(ACCOUNT, '<account>')) as object;
}

export function permissionsPage(): string {
  const actions = Object.values(AWS_ACTIONS).map(({ facts }) => facts);
  return page(
    'Permissions in AWS',
    'src/providers/aws',
    'What Cordon may be granted, and why. [aws-policy.json](aws-policy.json) is the policy for the default actions; AWS refuses ' +
      'it until `<account>` is filled in. For your configuration, with a deny of changes to Cordon itself:',
    code('sh', 'cordon policy print aws --account 123456789012 --self arn:aws:iam::123456789012:role/cordon'),
    '`cordon doctor` tells which of them are missing.',
    '## To read evidence',
    permissionTable(EVIDENCE_PERMISSIONS),
    ...actions.flatMap(({ id, permissions }) => [
      `## ${id}`,
      DEFAULT_ACTIONS.includes(id) ? 'Enabled by default.' : 'Only when it is listed under `aws.actions`.',
      permissionTable(permissions),
    ]),
  );
}

export function permissionTable(permissions: readonly Permission[]): string {
  const rows = permissions.map(({ name, resource, purpose }) => [inlineCode(name), inlineCode(resource), purpose]);
  return table(['Permission', 'Resource', 'Purpose'], rows);
}

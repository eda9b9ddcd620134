import type { CustomRole } from '../../providers/gcp/policy.ts';
import { enabledActions } from '../../config/clouds.ts';
import { UsageError } from '../failures.ts';
import type { PolicyPrinter } from './printer.ts';
import { literal, terraform, variable } from './terraform.ts';

const ROLE_ID = 'cordon';
const SERVICE_ACCOUNT = /^[a-z0-9][a-z0-9.-]{0,127}@[a-z0-9.-]+\.gserviceaccount\.com$/u;
const ABOVE = [
  'With --project-role Cordon sees and changes no binding of a folder or organisation: what an identity holds there stays, and `cordon doctor` names what is missing.',
];
const WHOLE = [
  'It is a role of the organisation, to be granted there: for projects without one there is --project-role.',
];

export const gcpPolicyPrinter: PolicyPrinter = {
  formats: ['json', 'terraform'],
  options: ['self', 'projectRole'],
  async print(config, format, { self, projectRole = false }) {
    const { gcp } = config;
    if (!gcp) throw new UsageError('The configuration has no section `gcp`: add it with projects.');
    if (self !== undefined && !SERVICE_ACCOUNT.test(self))
      throw new UsageError('--self must be the e-mail address of the service account that Cordon runs as.');
    const { leastPrivilegeRole } = await import('../../providers/gcp/index.ts');
    const role = leastPrivilegeRole(enabledActions(config, 'gcp'), gcp, projectRole ? 'project' : 'organization');
    const notes = projectRole ? ABOVE : WHOLE;
    if (format === 'json') return { document: role, notes };
    return { document: projectRole ? ofProjects(role, gcp.projects, self) : ofOrganization(role, self), notes };
  },
};

function ofOrganization(role: CustomRole, self: string | undefined): object {
  const organization = '${var.organization_id}';
  return terraform(['google'], {
    variable: { organization_id: variable('Number of the organisation'), ...serviceAccount(self) },
    resource: {
      google_organization_iam_custom_role: { cordon: { org_id: organization, ...roleBody(role) } },
      google_organization_iam_member: {
        cordon: { org_id: organization, role: '${google_organization_iam_custom_role.cordon.name}', member: MEMBER },
      },
    },
  });
}

function ofProjects(role: CustomRole, projects: readonly string[], self: string | undefined): object {
  const each = { for_each: '${toset(local.cordon_projects)}', project: '${each.value}' };
  return terraform(['google'], {
    variable: serviceAccount(self),
    locals: { cordon_projects: projects },
    resource: {
      google_project_iam_custom_role: { cordon: { ...each, ...roleBody(role) } },
      google_project_iam_member: {
        cordon: { ...each, role: '${google_project_iam_custom_role.cordon[each.value].name}', member: MEMBER },
      },
    },
  });
}

const MEMBER = 'serviceAccount:${var.service_account}';

function serviceAccount(self: string | undefined) {
  return { service_account: variable('E-mail address of the service account that Cordon runs as', self) };
}

function roleBody({ title, description, stage, includedPermissions }: CustomRole) {
  return {
    role_id: ROLE_ID,
    title: literal(title),
    description: literal(description),
    stage,
    permissions: includedPermissions,
  };
}

import type { LeastPrivilege } from '../../providers/azure/policy.ts';
import { enabledActions } from '../../config/clouds.ts';
import { UsageError } from '../failures.ts';
import { bicep } from './bicep.ts';
import type { PolicyPrinter } from './printer.ts';
import { literal, terraform, variable } from './terraform.ts';

/** The application that Microsoft Graph is in every tenant. */
const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';
const PRINCIPAL = 'Object id of the service principal or managed identity that Cordon runs as';
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/iu;

export const azurePolicyPrinter: PolicyPrinter = {
  formats: ['json', 'terraform', 'bicep'],
  options: ['self'],
  async print(config, format, { self }) {
    const { azure } = config;
    if (!azure)
      throw new UsageError('The configuration has no section `azure`: add it with tenantId and subscriptions.');
    if (self !== undefined && !UUID.test(self)) throw new UsageError(`--self must be an id. ${PRINCIPAL}.`);
    const { leastPrivilegeRole } = await import('../../providers/azure/index.ts');
    const least = leastPrivilegeRole(enabledActions(config, 'azure'), azure);
    switch (format) {
      case 'terraform':
        return { document: azureTerraform(least, self), notes: least.notes };
      case 'bicep': {
        const unable =
          'Deploy it to each subscription. Bicep does not grant application permissions of Microsoft Graph: an administrator consents to those that its comments name.';
        return { document: bicep(least, PRINCIPAL, self), notes: [...least.notes, unable] };
      }
      default:
        return { document: least, notes: least.notes };
    }
  },
};

function azureTerraform({ roleDefinition: role, graphApplicationPermissions }: LeastPrivilege, self?: string): object {
  const principal = '${var.principal_id}';
  return terraform(['azurerm', 'azuread'], {
    variable: { principal_id: variable(PRINCIPAL, self) },
    locals: {
      cordon_scopes: role.AssignableScopes,
      cordon_graph_permissions: graphApplicationPermissions,
    },
    data: { azuread_service_principal: { graph: { client_id: GRAPH_APP_ID } } },
    resource: {
      azurerm_role_definition: {
        cordon: {
          name: literal(role.Name),
          description: literal(role.Description),
          scope: role.AssignableScopes[0],
          permissions: [{ actions: role.Actions, not_actions: role.NotActions }],
          assignable_scopes: role.AssignableScopes,
        },
      },
      azurerm_role_assignment: {
        cordon: {
          for_each: '${toset(local.cordon_scopes)}',
          scope: '${each.value}',
          role_definition_id: '${azurerm_role_definition.cordon.role_definition_resource_id}',
          principal_id: principal,
        },
      },
      azuread_app_role_assignment: {
        cordon: {
          for_each: '${toset(local.cordon_graph_permissions)}',
          app_role_id: '${data.azuread_service_principal.graph.app_role_ids[each.value]}',
          principal_object_id: principal,
          resource_object_id: '${data.azuread_service_principal.graph.object_id}',
        },
      },
    },
  });
}

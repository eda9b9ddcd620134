import type { LeastPrivilege } from '../../providers/azure/policy.ts';

/**
 * For a deployment at one subscription: `az deployment sub create`. The name of a role is unique in a tenant, so each
 * subscription's own carries its id.
 */
export function bicep(
  { roleDefinition, graphApplicationPermissions }: LeastPrivilege,
  describes: string,
  self?: string,
): string {
  return `targetScope = 'subscription'

// Application permissions of Microsoft Graph, which an administrator consents to:
${graphApplicationPermissions.map((name) => `//   ${name}`).join('\n')}

@description(${text(describes)})
param principalId string${self === undefined ? '' : ` = ${text(self)}`}

var roleName = 'Cordon responder \${subscription().subscriptionId}'

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, roleName)
  properties: {
    roleName: roleName
    description: ${text(roleDefinition.Description)}
    type: 'CustomRole'
    permissions: [
      {
        actions: [
${roleDefinition.Actions.map((name) => `          ${text(name)}`).join('\n')}
        ]
        notActions: []
      }
    ]
    assignableScopes: [
      subscription().id
    ]
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, roleName, principalId)
  properties: {
    roleDefinitionId: role.id
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}`;
}

/** https://learn.microsoft.com/azure/azure-resource-manager/bicep/data-types#strings */
function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('${', '\\${')}'`;
}

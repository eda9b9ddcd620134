import { AuthorizationManagementClient } from '@azure/arm-authorization';
import type { TokenCredential } from '@azure/core-auth';
import type { PipelinePolicy, PipelineRequest } from '@azure/core-rest-pipeline';
import { createEmptyPipeline, createHttpHeaders } from '@azure/core-rest-pipeline';

import type { ActionRequest } from '../../../src/domain/plan.ts';
import type { AzureClients } from '../../../src/providers/azure/clients.ts';
import type { AzureSettings } from '../../../src/providers/azure/index.ts';
import { createAzureProvider } from '../../../src/providers/azure/index.ts';
import { createRest } from '../../../src/providers/azure/rest.ts';
import type { Provider } from '../../../src/providers/port.ts';
import { NOW } from './now.ts';

export const TENANT = '11111111-2222-4333-8444-555555555555';
export const SUBSCRIPTION = '99999999-2222-4333-8444-555555555555';
const HOST = 'https://example.invalid';
const SCOPE = `/subscriptions/${SUBSCRIPTION}`;
const ROLES = { Contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c', Reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7' };
const roleId = (name: keyof typeof ROLES) =>
  `${SCOPE}/providers/Microsoft.Authorization/roleDefinitions/${ROLES[name]}`;

const SETTINGS: AzureSettings = {
  tenantId: TENANT,
  subscriptions: [SUBSCRIPTION],
  endpoints: { authority: HOST, resourceManager: HOST, graph: HOST },
  logDelaySeconds: 1200,
  propagationSeconds: 600,
  tightenTo: { Contributor: 'Reader' },
  now: () => NOW,
};

type Answers = readonly (readonly [RegExp, object])[];

/** A tenant in which the principal has one of each credential and one of each role. No call leaves the process. */
export function exampleAzure({ principal, target }: ActionRequest): Provider {
  const answering = answersWith([
    ...directory(principal.uniqueId ?? '', principal.name),
    ...roles(principal.uniqueId ?? ''),
    ...log(principal.uniqueId ?? '', target),
  ]);
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy(answering);
  const credential: TokenCredential = { getToken: () => Promise.resolve({ token: 'none', expiresOnTimestamp: 0 }) };
  const authorization = new AuthorizationManagementClient(credential, SUBSCRIPTION, { endpoint: HOST });
  authorization.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
  authorization.pipeline.addPolicy(answering, { afterPhase: 'Sign' });
  const clients: AzureClients = {
    authorization,
    arm: createRest(HOST, pipeline),
    graph: createRest(HOST, pipeline),
    ownToken: () => Promise.reject(new Error('The example does not ask who Cordon is.')),
  };
  return createAzureProvider(SETTINGS, clients);
}

function answersWith(answers: Answers): PipelinePolicy {
  return {
    name: 'example',
    sendRequest(request: PipelineRequest) {
      const url = new URL(request.url);
      const path = decodeURIComponent(`${url.pathname}${url.search}`);
      const answer = answers.find(([pattern]) => pattern.test(path))?.[1];
      if (!answer && !/\/diagnosticSettings\//iu.test(path))
        throw new Error(`The example tenant has no answer to ${path}: add it to scripts/generate/examples/azure.ts.`);
      return Promise.resolve({
        request,
        status: answer ? 200 : 404,
        headers: createHttpHeaders({ 'content-type': 'application/json' }),
        bodyAsText: JSON.stringify(answer ?? { error: { code: 'ResourceNotFound', message: 'Deleted.' } }),
      });
    },
  };
}

function directory(id: string, name: string): Answers {
  const appId = 'aaaaaaaa-0000-4000-8000-000000000003';
  const held = {
    passwordCredentials: [{ keyId: 'bbbbbbbb-0000-4000-8000-000000000001' }],
    keyCredentials: [{ keyId: 'bbbbbbbb-0000-4000-8000-000000000002' }],
  };
  const user = { id, userPrincipalName: name, accountEnabled: true };
  const federated = {
    id: 'bbbbbbbb-0000-4000-8000-000000000003',
    name: 'ci',
    issuer: 'https://token.example',
    subject: 'repo:shop',
  };
  return [
    [/^\/v1\.0\/users\//u, user],
    [
      /^\/v1\.0\/servicePrincipals/u,
      { id, appId, displayName: name, accountEnabled: true, servicePrincipalType: 'Application', ...held },
    ],
    [/\/federatedIdentityCredentials/u, { value: [federated] }],
    [/^\/v1\.0\/applications/u, { id: 'aaaaaaaa-0000-4000-8000-000000000004', appId, ...held }],
  ];
}

function roles(principalId: string): Answers {
  const assignment = {
    id: `${SCOPE}/providers/Microsoft.Authorization/roleAssignments/cccccccc-0000-4000-8000-000000000001`,
    properties: {
      scope: SCOPE,
      roleDefinitionId: roleId('Contributor'),
      principalId,
      principalType: 'ServicePrincipal',
    },
  };
  const granted = {
    id: assignment.id,
    properties: {
      ...assignment.properties,
      principalId: 'aaaaaaaa-0000-4000-8000-000000000009',
      createdBy: principalId,
    },
  };
  const eligible = {
    properties: {
      scope: SCOPE,
      roleDefinitionId: roleId('Contributor'),
      principalId,
      roleEligibilityScheduleId: 'cccccccc-0000-4000-8000-000000000002',
      expandedProperties: { roleDefinition: { displayName: 'Contributor' } },
    },
  };
  const definition = (name: keyof typeof ROLES) => ({ id: roleId(name), properties: { roleName: name } });
  return [
    [/\/roleEligibilityScheduleInstances/u, { value: [eligible] }],
    [/\/role(?:Eligibility|Assignment)Schedules\b/u, { value: [] }],
    [/\/providers\/Microsoft\.Authorization\/permissions/u, { value: [{ actions: ['*'], notActions: [] }] }],
    [/\/roleAssignmentScheduleInstances/u, { value: [] }],
    [/\/roleAssignments\//u, granted],
    [/\/roleAssignments/u, { value: [assignment] }],
    [/\/roleDefinitions\?.*Reader/iu, { value: [definition('Reader')] }],
    [/\/roleDefinitions\//iu, definition('Contributor')],
  ];
}

/** The principal deleted a setting that a colleague had made. */
function log(principalId: string, target: string): Answers {
  const requestbody = JSON.stringify({
    properties: { workspaceId: `${SCOPE}/resourceGroups/logs/workspace`, logs: [] },
  });
  const event = (operation: string, caller: string, hours: number, properties: object) => ({
    eventDataId: `${operation}-${hours}`,
    eventTimestamp: new Date(NOW.getTime() - hours * 3_600_000).toISOString(),
    operationName: { value: `Microsoft.Insights/diagnosticSettings/${operation}` },
    caller,
    resourceId: target,
    status: { value: 'Succeeded' },
    properties,
  });
  const events = [event('write', 'bob@example.com', 500, { requestbody }), event('delete', principalId, 1, {})];
  return [[/\/eventtypes\/management\/values/u, { value: events }]];
}

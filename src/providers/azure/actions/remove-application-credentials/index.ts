import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import type { AzureClients } from '../../clients.ts';
import { confirmServicePrincipal, findApplication, listFederated, orNull } from '../../directory.ts';
import type { Write } from '../../rest.ts';
import { planned } from '../../rest.ts';
import type { ActionFacts, AzureActionDefinition } from '../definition.ts';
import { changeEach, example, EXAMPLE_SERVICE_PRINCIPAL, graphPermission, irreversible, read } from '../definition.ts';

const priorSchema = z.object({ credentials: z.array(z.object({ id: z.string() })) });
const parametersSchema = z.strictObject({});

const facts: ActionFacts = {
  id: 'remove-application-credentials',
  cloud: 'azure',
  title: 'Remove every credential of the application',
  description:
    'Removes all secrets and certificates of the application and, separately, of its service principal, where a thief likes to ' +
    'add one because hardly anyone looks there, and all federated credentials of the application. It can not be undone: nobody ' +
    'can read a removed secret; the owner adds a new one, and federations again from what the ledger keeps of them. Tokens that ' +
    'are out live on for about an hour. Whoever owns the application may add a credential again: look at its owners.',
  effect: 'declarative',
  reversibility: 'none',
  proof:
    'Neither the application nor its service principal has a secret, a certificate or a federated credential, ' +
    'read again.',
  survives: 'Tokens that are out: about an hour. Owners of the application, who may add a credential again.',
  permissions: [
    graphPermission('Application.Read.All', 'what is there, verification'),
    graphPermission('Application.ReadWrite.All', 'the change'),
  ],
  example: example('remove-application-credentials', EXAMPLE_SERVICE_PRINCIPAL),
};

/** Of one application and its service principal; what a removal needs, and what tells a person afterwards what was there. */
interface Credential {
  readonly kind: 'password' | 'certificate' | 'federation';
  readonly of: 'application' | 'servicePrincipal';
  readonly ownerId: string;
  readonly id: string;
  readonly detail: string;
}

export const removeApplicationCredentials: AzureActionDefinition = {
  facts,
  create: (clients, { tenantId }): Action => ({
    ...facts,
    async preflight(request) {
      read(parametersSchema, request.parameters, `The parameters of ${facts.id}`);
      const { credentials, applicationElsewhere } = await list(clients, request, tenantId);
      return {
        prior: { credentials: credentials.map((one) => ({ ...one })) },
        alreadySo: credentials.length === 0,
        calls: writes(credentials).map(planned),
        mayBreak: credentials.map(({ kind, id, detail }) => `Whoever signs in with ${kind} ${id} (${detail}) stops.`),
        obstacles: [],
        caveats: applicationElsewhere
          ? [
              'The application is registered in another tenant: its credentials there are out of reach, and work wherever it is enabled.',
            ]
          : [],
      };
    },
    async apply(request, prior) {
      const { credentials } = await list(clients, request, tenantId);
      const isListed = async ({ body }: Write) => {
        const { credentials: now } = await list(clients, request, tenantId);
        return body?.['keyId'] === undefined || now.some(({ id }) => id === body['keyId']);
      };
      await changeEach(writes(credentials), 'changes were made', (write) => remove(clients, write, isListed));
      // A try that broke off has removed some of `prior` already: those are ours as well.
      const before = read(priorSchema, prior, `The prior state of ${facts.id}`).credentials;
      return { result: { removed: [...new Set([...before, ...credentials].map(({ id }) => id))].toSorted() } };
    },
    async verify(request) {
      const { credentials } = await list(clients, request, tenantId);
      if (credentials.length === 0)
        return { status: 'holds', detail: 'Neither the application nor the service principal has a credential.' };
      const left = credentials.map(({ kind, id }) => `${kind} ${id}`).join(', ');
      return { status: 'drifted', detail: `There again, or still: ${left}.` };
    },
    async revert() {
      throw irreversible(facts.id, 'nobody can read a removed secret. The owner adds a new credential.');
    },
    previewRevert: () => [],
  }),
};

/** One that someone else removed a moment before is as good as removed by us; the read back tells. */
async function remove({ graph }: AzureClients, write: Write, isListed: (write: Write) => Promise<boolean>) {
  try {
    await orNull(graph.call(write));
  } catch (error) {
    // Of a secret that is not there Graph says "bad request": only the list tells that from a refusal.
    if (!(error instanceof CordonFailure) || error.type !== 'ValidationFailed' || (await isListed(write))) throw error;
  }
}

async function list(clients: AzureClients, request: ActionRequest, tenantId: string) {
  const servicePrincipal = await confirmServicePrincipal(clients, request, tenantId);
  const application = await findApplication(clients, servicePrincipal.appId);
  const federated = application ? await listFederated(clients, application.id) : [];
  const found: Credential[] = [];
  for (const [of, owner] of [['application', application] as const, ['servicePrincipal', servicePrincipal] as const]) {
    if (!owner) continue;
    const lists = [['password', owner.passwordCredentials] as const, ['certificate', owner.keyCredentials] as const];
    for (const [kind, held] of lists) {
      for (const { keyId, endDateTime } of held ?? [])
        found.push({ kind, of, ownerId: owner.id, id: keyId, detail: `of the ${of}, until ${endDateTime ?? 'ever'}` });
    }
  }
  for (const { id, issuer, subject, claimsMatchingExpression } of federated)
    found.push({
      kind: 'federation',
      of: 'application',
      ownerId: application?.id ?? '',
      id,
      detail:
        `${subject ?? claimsMatchingExpression?.value ?? 'an expression'} of ${issuer ?? 'an unknown issuer'}`.slice(
          0,
          300,
        ),
    });
  return { credentials: found, applicationElsewhere: application === null };
}

/** Certificates go by one call for all of an object: removing one alone needs a proof signed by the application's own. */
function writes(credentials: readonly Credential[]): readonly Write[] {
  const common = { service: 'graph', permission: 'Application.ReadWrite.All' } as const;
  const pathOf = ({ of, ownerId }: Credential) =>
    `/v1.0/${of === 'application' ? 'applications' : 'servicePrincipals'}/${ownerId}`;
  const passwords = credentials
    .filter(({ kind }) => kind === 'password')
    .map((one): Write => ({
      ...common,
      method: 'POST',
      path: `${pathOf(one)}/removePassword`,
      body: { keyId: one.id },
    }));
  const withCertificates = new Set(credentials.filter(({ kind }) => kind === 'certificate').map(pathOf));
  const certificates = [...withCertificates].map((path): Write => ({
    ...common,
    method: 'PATCH',
    path,
    body: { keyCredentials: [] },
  }));
  const federations = credentials
    .filter(({ kind }) => kind === 'federation')
    .map((one): Write => ({
      ...common,
      method: 'DELETE',
      path: `${pathOf(one)}/federatedIdentityCredentials/${one.id}`,
    }));
  return [...passwords, ...certificates, ...federations];
}

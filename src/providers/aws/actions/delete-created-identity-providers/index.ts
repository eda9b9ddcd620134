import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import { parseArn } from '../../../../domain/arn.ts';
import { canonicalJson } from '../../../../domain/canonical.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { leftToAPerson, madeAt, nothingToDo, refuseForAPerson } from '../../by-hand.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_LEFT, read } from '../definition.ts';
import type { ProviderState } from './provider.ts';
import { createCall, createProvider, deleteCall, deleteProvider, findProvider, providerSchema } from './provider.ts';
import { PROVIDER_ARN } from '../../names.ts';

const OIDC = 'arn:aws:iam::<account>:oidc-provider/*';
const SAML = 'arn:aws:iam::<account>:saml-provider/*';
const parametersSchema = z.strictObject({
  /** Of the event that made it. */
  createdAt: z.iso.datetime(),
});
const priorSchema = z.object({ provider: providerSchema.nullable() });

const facts: ActionFacts = {
  id: 'delete-created-identity-providers',
  cloud: 'aws',
  title: 'Delete an identity provider that the suspect created',
  description:
    'Deletes the OpenID Connect or SAML provider that the log shows the suspect creating: whoever it vouches for can assume no ' +
    'role any more by it. One that was not made by that very call is never touched. What it consisted of is kept in the ledger, ' +
    'and a rollback creates it again. Sessions that are out live on.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'IAM does not know the provider.',
  survives:
    'Sessions of roles that were assumed through it: up to 12 hours. Trust policies that name it, without effect.',
  permissions: (['OpenIDConnect', 'SAML'] as const).flatMap((kind) => {
    const resource = kind === 'SAML' ? SAML : OIDC;
    return [
      {
        name: `iam:Get${kind}Provider`,
        resource,
        purpose: 'is it the one that the suspect made; prior state, verification',
      },
      { name: `iam:Delete${kind}Provider`, resource, purpose: 'the change' },
      { name: `iam:Create${kind}Provider`, resource, purpose: 'its rollback' },
      { name: `iam:Tag${kind}Provider`, resource, purpose: 'the tags in its rollback' },
    ];
  }),
  example: {
    ...EXAMPLE_LEFT,
    action: 'delete-created-identity-providers',
    target: 'arn:aws:iam::123456789012:oidc-provider/token.example.com',
    parameters: { createdAt: '2026-01-01T12:00:00.000Z' },
  },
};

export const deleteCreatedIdentityProviders: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    async apply(request, prior) {
      const { arn, createdAt } = wanted(request);
      const found = await findProvider(clients, arn);
      if (found) {
        if (!found.state) throw refuseForAPerson(notToBeMadeAgain(arn));
        if (!madeAt(found.createdAt, createdAt)) throw refuseForAPerson(notThatOne(arn));
        // Only what the ledger holds can be made again.
        if (!same(found.state, providerIn(prior))) throw changedByOthers(arn);
        await deleteProvider(clients, arn);
      }
      return { result: { providerArn: arn } };
    },
    verify: (request) => verify(clients, request),
    async revert(request, prior) {
      const { arn } = wanted(request);
      const before = providerIn(prior);
      if (!before) return;
      const found = await findProvider(clients, arn);
      if (!found) await createProvider(clients, before);
      else if (!same(found.state, before)) throw changedByOthers(arn);
    },
    previewRevert(_, prior) {
      const before = providerIn(prior);
      return before ? [createCall(before)] : [];
    },
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  const { arn, createdAt } = wanted(request);
  const found = await findProvider(clients, arn);
  if (!found) return nothingToDo({ provider: null });
  if (!found.state) return leftToAPerson(notToBeMadeAgain(arn));
  // Made again by a rollback it has another moment, and is still what the ledger holds.
  const prior = { provider: found.state };
  if (!madeAt(found.createdAt, createdAt)) return { ...leftToAPerson(notThatOne(arn)), prior };
  return {
    prior,
    alreadySo: false,
    calls: [deleteCall(arn)],
    mayBreak: [`Nobody can assume a role any more through ${arn}, which the suspect created.`],
    obstacles: [],
  };
}

async function verify(clients: AwsClients, request: ActionRequest): Promise<Verification> {
  const { arn, createdAt } = wanted(request);
  const found = await findProvider(clients, arn);
  if (!found) return { status: 'holds', detail: `IAM does not know ${arn}.` };
  return madeAt(found.createdAt, createdAt)
    ? { status: 'drifted', detail: `${arn} is still there.` }
    : { status: 'drifted', detail: `${arn} was created anew since.` };
}

function same(one: ProviderState | null, other: ProviderState | null): boolean {
  return one !== null && other !== null && canonicalJson(one) === canonicalJson(other);
}

function notToBeMadeAgain(arn: string): string {
  return `${arn} holds a private key or too much to be made again by a rollback.`;
}

function notThatOne(arn: string): string {
  return `${arn} was not made by the call that the log shows of the suspect.`;
}

function changedByOthers(arn: string): CordonFailure {
  return new CordonFailure('Conflict', `${arn} was changed by someone else since; it is left as it is.`);
}

function providerIn(prior: JsonObject): ProviderState | null {
  return read(priorSchema, prior, 'The prior state of delete-created-identity-providers').provider;
}

function wanted({ target, accountId, parameters }: ActionRequest) {
  if (!PROVIDER_ARN.test(target) || parseArn(target)?.accountId !== accountId) {
    throw new CordonFailure('TargetRefused', `The target is not one identity provider of account ${accountId}.`);
  }
  return { arn: target, ...read(parametersSchema, parameters, `The parameters of ${facts.id}`) };
}

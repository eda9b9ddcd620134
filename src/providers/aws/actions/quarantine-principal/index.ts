import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { confirmUser } from '../../confirm.ts';
import { notDenied } from '../../deny.ts';
import { QUARANTINE_POLICY } from '../../mark-names.ts';
import { CASE_ID, targetUser } from '../../names.ts';
import { sameDocument } from '../../policies.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { example, EXAMPLE_USER, read } from '../definition.ts';
import { QUARANTINE, QUARANTINE_PATH } from './document.ts';
import type { Quarantine } from './policy.ts';
import {
  attachQuarantine,
  createQuarantine,
  deleteQuarantine,
  detachQuarantine,
  findQuarantine,
  quarantineCalls,
  releaseCalls,
} from './policy.ts';

/** Of each sort that the quarantine is for: cost, new credentials, the way out of it, other sessions. */
const SAMPLE_CALLS = ['ec2:RunInstances', 'iam:CreateAccessKey', 'iam:DetachUserPolicy', 'sts:GetSessionToken'];

const parametersSchema = z.strictObject({
  caseId: z.string().regex(CASE_ID),
  policyName: z.string().refine(QUARANTINE_POLICY.isMade),
  policyDocument: z.literal(QUARANTINE),
});
const priorSchema = z.object({ policyDocument: z.string().nullable(), attached: z.boolean() });

const USERS = 'arn:aws:iam::<account>:user/*';
const POLICIES = `arn:aws:iam::<account>:policy${QUARANTINE_PATH}*`;

const facts: ActionFacts = {
  id: 'quarantine-principal',
  cloud: 'aws',
  title: 'Quarantine the user: deny it what costs money and what keeps a way in',
  description:
    "Attaches a managed policy of Cordon's own to the IAM user, after the list of AWS's AWSCompromisedKeyQuarantineV3 and " +
    'with what would take it back. It is a soft tier, not containment: the keys stay valid, sts:AssumeRole and most reads ' +
    'still pass, and no case is CONTAINED by it; for a user whose programs must go on until a person has decided. With ' +
    'deny-principal it adds nothing. A quarantine that AWS itself attached is left alone, before and after. It stays until ' +
    'it is rolled back; a tool that manages the attached policies of the user exclusively may detach it.',
  effect: 'declarative',
  reversibility: 'exact',
  proof:
    "IAM's simulator answers for the user with an explicit deny of what the policy lists, and its default version " +
    'reads back to the letter.',
  survives:
    'Keys, console password and sessions, without an end: whatever the list does not name passes, sts:AssumeRole ' +
    'and most reads among it.',
  permissions: [
    { name: 'iam:GetUser', resource: USERS, purpose: 'is it still the user of the plan' },
    { name: 'iam:ListAttachedUserPolicies', resource: USERS, purpose: 'prior state, verification' },
    { name: 'iam:AttachUserPolicy', resource: USERS, purpose: 'the quarantine' },
    { name: 'iam:DetachUserPolicy', resource: USERS, purpose: 'its rollback' },
    { name: 'iam:GetPolicy', resource: POLICIES, purpose: 'prior state, verification' },
    { name: 'iam:GetPolicyVersion', resource: POLICIES, purpose: 'prior state, verification' },
    { name: 'iam:CreatePolicy', resource: POLICIES, purpose: 'the policy of the case' },
    { name: 'iam:TagPolicy', resource: POLICIES, purpose: 'the mark of the case' },
    { name: 'iam:DeletePolicy', resource: POLICIES, purpose: 'rollback of the policy of the case' },
    { name: 'iam:SimulatePrincipalPolicy', resource: '*', purpose: 'verification that the quarantine counts' },
  ],
  example: example('quarantine-principal', EXAMPLE_USER, {
    caseId: 'ca_0123456789abcdef',
    policyName: 'CordonQuarantine-ca_0123456789abcdef',
    policyDocument: QUARANTINE,
  }),
};

export const quarantinePrincipal: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    apply: (request) => apply(clients, request),
    verify: (request) => verify(clients, request),
    revert: (request, prior) => revert(clients, request, prior),
    previewRevert: (request, prior) => releaseCalls(quarantineOf(request), priorOf(prior).policyDocument === null),
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  const quarantine = quarantineOf(request);
  await confirmUser(clients, request);
  const found = await findQuarantine(clients, quarantine);
  const ours = found.document === null || isOurs(quarantine, found);
  return {
    prior: { policyDocument: found.document, attached: found.attached },
    alreadySo: ours && found.attached,
    calls: ours ? quarantineCalls(quarantine, found) : [],
    mayBreak: [`User ${quarantine.userName} can no longer start, create or delete what the quarantine lists.`],
    obstacles: ours
      ? []
      : [`Policy ${quarantine.policyArn} exists and is not this case's. Look at it and delete it, then plan again.`],
  };
}

async function apply(clients: AwsClients, request: ActionRequest) {
  const quarantine = quarantineOf(request);
  await confirmUser(clients, request);
  const found = await findQuarantine(clients, quarantine);
  if (found.document === null) await createQuarantine(clients, quarantine);
  else if (!isOurs(quarantine, found)) throw changed(quarantine);
  try {
    await attachQuarantine(clients, quarantine);
  } catch (error) {
    if (found.document === null) await takeBack(clients, quarantine, error);
    throw error;
  }
  return { result: { userName: quarantine.userName, policyArn: quarantine.policyArn } };
}

/** A refusal means that nothing stands; so a policy that can't be attached must not stay behind. */
async function takeBack(clients: AwsClients, quarantine: Quarantine, refusal: unknown): Promise<void> {
  if (!(refusal instanceof CordonFailure) || !refusal.final) return;
  try {
    await deleteQuarantine(clients, quarantine);
  } catch {
    const message = `Policy ${quarantine.policyArn} was made, but neither attached nor deleted. ${refusal.message}`;
    throw new CordonFailure('OutcomeUnknown', message, { cause: refusal });
  }
}

async function verify(clients: AwsClients, request: ActionRequest): Promise<Verification> {
  const quarantine = quarantineOf(request);
  const { userName, policyName } = quarantine;
  const [found, open] = await Promise.all([
    findQuarantine(clients, quarantine),
    notDenied(clients, request.target, SAMPLE_CALLS),
  ]);
  if (!found.attached)
    return { status: 'drifted', detail: `Policy ${policyName} is not attached to user ${userName}.` };
  if (!sameDocument(found.document, QUARANTINE)) {
    return { status: 'drifted', detail: `Policy ${policyName} says something else.` };
  }
  const detail = `User ${userName} is under quarantine ${policyName}, which leaves its keys valid.`;
  return open ?? { status: 'holds', detail };
}

async function revert(clients: AwsClients, request: ActionRequest, prior: JsonObject): Promise<void> {
  const quarantine = quarantineOf(request);
  const before = priorOf(prior);
  await confirmUser(clients, request);
  const found = await findQuarantine(clients, quarantine);
  const made = before.policyDocument === null && found.document !== null;
  const foreign = found.document !== null && !isOurs(quarantine, found);
  if (foreign || (made && found.attachedElsewhere > 0)) throw changed(quarantine);
  if (found.attached && !before.attached) await detachQuarantine(clients, quarantine);
  if (made) await deleteQuarantine(clients, quarantine);
}

/** Made by this case and still saying what was approved. */
function isOurs(quarantine: Quarantine, found: { document: string | null; caseId: string | undefined }): boolean {
  return sameDocument(found.document, QUARANTINE) && found.caseId === quarantine.caseId;
}

function changed({ policyArn }: Quarantine): CordonFailure {
  const message = `Policy ${policyArn} was changed or attached to others by someone else since; it is left as it is.`;
  return new CordonFailure('Conflict', message);
}

function quarantineOf(request: ActionRequest): Quarantine {
  const { caseId, policyName } = read(parametersSchema, request.parameters, 'The parameters of quarantine-principal');
  const policyArn = `arn:aws:iam::${request.accountId}:policy${QUARANTINE_PATH}${policyName}`;
  return { userName: targetUser(request), caseId, policyName, policyArn };
}

function priorOf(prior: JsonObject) {
  return read(priorSchema, prior, 'The prior state of quarantine-principal');
}

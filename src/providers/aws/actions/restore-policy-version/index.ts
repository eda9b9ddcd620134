import { ListPolicyVersionsCommand, SetDefaultPolicyVersionCommand } from '@aws-sdk/client-iam';
import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import { parseArn } from '../../../../domain/arn.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { orNull } from '../../confirm.ts';
import { leftToAPerson, nothingToDo, refuseForAPerson } from '../../by-hand.ts';
import { RESERVED_POLICY } from '../../owner.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_LEFT, read } from '../definition.ts';
import { POLICY_ARN, VERSION_ID } from '../../names.ts';

const POLICIES = 'arn:aws:iam::<account>:policy/*';
const version = z.string().regex(VERSION_ID);
const parametersSchema = z.strictObject({
  /** The default before the suspect. */
  versionId: version,
  setBySuspect: z.array(version).min(1).max(50),
});
const priorSchema = z.object({ defaultVersionId: version.nullable() });

const facts: ActionFacts = {
  id: 'restore-policy-version',
  cloud: 'aws',
  title: 'Restore the default version of a policy that the suspect changed',
  description:
    'Sets the default of a customer-managed policy back to the version that was it before the suspect, as an older event of ' +
    'the log says: everyone to whom the policy is attached has what it allowed then. No version is deleted, so the one of the ' +
    'suspect stays for whoever looks into it. Where somebody else has set another default since, nothing is changed.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'IAM names a version as the default that the suspect did not set, or does not know the policy any more.',
  survives: "The suspect's versions, without effect until somebody sets one as the default. What was done meanwhile.",
  permissions: [
    { name: 'iam:ListPolicyVersions', resource: POLICIES, purpose: 'prior state, verification' },
    { name: 'iam:SetDefaultPolicyVersion', resource: POLICIES, purpose: 'the change and its rollback' },
  ],
  example: {
    ...EXAMPLE_LEFT,
    action: 'restore-policy-version',
    target: 'arn:aws:iam::123456789012:policy/developers',
    parameters: { versionId: 'v1', setBySuspect: ['v2'] },
  },
};

export const restorePolicyVersion: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    async apply(request, prior) {
      const { policyArn, versionId } = wanted(request);
      const versions = await versionsOf(clients, policyArn);
      const current = defaultOf(versions);
      const differs = current !== null && current !== versionId;
      const odd = differs ? oddity(request, versions, current) : null;
      if (odd !== null) throw refuseForAPerson(odd);
      const was = defaultIn(prior);
      if (differs) await setDefault(clients, policyArn, versionId);
      return { result: { policyArn, was, is: versionId } };
    },
    verify: (request) => verify(clients, request),
    async revert(request, prior) {
      const { policyArn, versionId } = wanted(request);
      const was = defaultIn(prior);
      const current = defaultOf(await versionsOf(clients, policyArn));
      if (was === null || current === was) return;
      if (current !== versionId) throw changedByOthers(policyArn);
      await setDefault(clients, policyArn, was);
    },
    previewRevert(request, prior) {
      const was = defaultIn(prior);
      return was === null ? [] : [setCall(wanted(request).policyArn, was)];
    },
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  const { policyArn, versionId } = wanted(request);
  const versions = await versionsOf(clients, policyArn);
  const defaultVersionId = defaultOf(versions);
  const prior = { defaultVersionId };
  if (defaultVersionId === null || defaultVersionId === versionId) return nothingToDo(prior);
  const odd = oddity(request, versions, defaultVersionId);
  if (odd !== null) return leftToAPerson(odd);
  return {
    prior,
    alreadySo: false,
    calls: [setCall(policyArn, versionId)],
    mayBreak: [
      `What version ${defaultVersionId} of policy ${policyArn} allows and version ${versionId} does not is no longer allowed by it.`,
    ],
    obstacles: [],
  };
}

async function verify(clients: AwsClients, request: ActionRequest): Promise<Verification> {
  const { policyArn, versionId, setBySuspect } = wanted(request);
  const current = defaultOf(await versionsOf(clients, policyArn));
  if (current === null) return { status: 'holds', detail: `IAM does not know policy ${policyArn} any more.` };
  if (current === versionId) return { status: 'holds', detail: `The default of policy ${policyArn} is ${versionId}.` };
  if (!setBySuspect.includes(current))
    return { status: 'unknown', detail: `${otherDefault(policyArn, current)} Look at what it allows.` };
  return {
    status: 'drifted',
    detail: `The default of policy ${policyArn} is ${current} (again), as the suspect set it.`,
  };
}

/** At most five; null: IAM does not know the policy. */
async function versionsOf({ iam }: AwsClients, PolicyArn: string) {
  const found = await orNull(iam.send(new ListPolicyVersionsCommand({ PolicyArn })));
  return found && (found.Versions ?? []);
}

type Versions = Awaited<ReturnType<typeof versionsOf>>;

function defaultOf(versions: Versions): string | null {
  return versions?.find(({ IsDefaultVersion }) => IsDefaultVersion)?.VersionId ?? null;
}

async function setDefault({ iam }: AwsClients, PolicyArn: string, VersionId: string): Promise<void> {
  await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId }));
}

function setCall(PolicyArn: string, VersionId: string): PlannedCall {
  return { service: 'iam', operation: 'SetDefaultPolicyVersion', parameters: { PolicyArn, VersionId } };
}

/** Why the default is a person's to set; null: it can be set back. */
function oddity(request: ActionRequest, versions: Versions, current: string): string | null {
  const { policyArn, versionId, setBySuspect } = wanted(request);
  if (!setBySuspect.includes(current)) return otherDefault(policyArn, current);
  if (versions?.some(({ VersionId }) => VersionId === versionId)) return null;
  return `Policy ${policyArn} has no version ${versionId} any more, which was its default before the suspect.`;
}

function otherDefault(policyArn: string, current: string): string {
  return `The default of policy ${policyArn} is ${current}, which somebody else set after the suspect.`;
}

function changedByOthers(policyArn: string): CordonFailure {
  return new CordonFailure(
    'Conflict',
    `The default version of policy ${policyArn} was changed by someone else since; it is left as it is.`,
  );
}

function defaultIn(prior: JsonObject): string | null {
  return read(priorSchema, prior, 'The prior state of restore-policy-version').defaultVersionId;
}

/** Throws `TargetRefused` where the target is not exactly one customer-managed policy of the account, and not Cordon's own. */
function wanted({ target, accountId, parameters }: ActionRequest) {
  if (!POLICY_ARN.test(target) || parseArn(target)?.accountId !== accountId || target.endsWith('/')) {
    throw new CordonFailure('TargetRefused', `The target is not one managed policy of account ${accountId}.`);
  }
  if (RESERVED_POLICY.test(target.split('/').at(-1) ?? ''))
    throw refuseForAPerson(`${target} is a policy of Cordon itself.`);
  return { policyArn: target, ...read(parametersSchema, parameters, 'The parameters of restore-policy-version') };
}

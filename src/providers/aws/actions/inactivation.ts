import { z } from 'zod';

import { CordonFailure } from '../../../contracts/failures.ts';
import type { JsonObject } from '../../../domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../port.ts';
import type { AwsClients } from '../clients.ts';
import { confirmUser } from '../confirm.ts';
import { targetUser } from '../names.ts';
import type { ActionFacts, AwsActionDefinition } from './definition.ts';
import { changeEach, example, EXAMPLE_USER, read } from './definition.ts';

type Status = 'Active' | 'Inactive';

/** One credential of an IAM user, as IAM lists it. */
export interface ListedCredential {
  readonly id: string;
  /** `Active`, `Inactive`, of some kinds `Expired`. */
  readonly status: string;
  /** What it opens, where IAM says so: `codecommit.amazonaws.com`. */
  readonly service?: string;
}

/** A kind of credential that IAM can set to Inactive and back, and nothing else of it changes. */
export interface CredentialKind extends Pick<ActionFacts, 'id' | 'title' | 'description'> {
  /** What still works after it, and for how long. */
  readonly survives: string;
  /** As a person calls one and many. */
  readonly noun: readonly [string, string];
  /** Operations of IAM, which are the names of the permissions too. */
  readonly listOperation: string;
  readonly updateOperation: string;
  /** What the update calls the id: `SSHPublicKeyId`. */
  readonly idParameter: string;
  /** All of them: every page. */
  list(clients: AwsClients, userName: string): Promise<readonly ListedCredential[]>;
  update(clients: AwsClients, userName: string, id: string, status: Status): Promise<unknown>;
}

const USERS = 'arn:aws:iam::<account>:user/*';
const parametersSchema = z.strictObject({});
const priorSchema = z.object({
  credentials: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      /** The approved plan did not name it: it was made, or turned on, since. */
      late: z.boolean().optional(),
    }),
  ),
});
const appliedSchema = z.object({ deactivated: z.array(z.string()) });
const ownedSchema = appliedSchema.extend({ userName: z.string() });

/** The action that sets every active credential of one kind to Inactive; what was active before can be put back exactly. */
export function inactivation(kind: CredentialKind): AwsActionDefinition {
  const { id, title, description, survives } = kind;
  const facts: ActionFacts = {
    id,
    cloud: 'aws',
    title,
    description,
    effect: 'declarative',
    reversibility: 'exact',
    proof: `IAM lists no active ${kind.noun[0]} of the user.`,
    survives,
    permissions: [
      { name: 'iam:GetUser', resource: USERS, purpose: 'is it still the user of the plan' },
      { name: `iam:${kind.listOperation}`, resource: USERS, purpose: 'prior state, verification' },
      { name: `iam:${kind.updateOperation}`, resource: USERS, purpose: 'the change and its rollback' },
    ],
    example: example(id, EXAMPLE_USER),
  };
  const create = (clients: AwsClients): Action => ({
    ...facts,
    preflight: (request, planned) => preflight(clients, kind, request, planned),
    apply: async (request, prior) => ({ result: await deactivate(clients, kind, request, prior) }),
    verify: (request) => verify(clients, kind, request),
    revert: (request, prior, applied) => reactivate(clients, kind, request, toReactivate(kind, prior, applied)),
    previewRevert: (request, prior, applied) =>
      toReactivate(kind, prior, applied).map((one) => updateCall(kind, targetUser(request), one, 'Active')),
    restores: (prior, applied) => restores(kind, prior, applied),
  });
  return { facts, create };
}

async function preflight(
  clients: AwsClients,
  kind: CredentialKind,
  request: ActionRequest,
  planned?: readonly PlannedCall[],
): Promise<Preflight> {
  read(parametersSchema, request.parameters, `The parameters of ${kind.id}`);
  const userName = await confirmUser(clients, request);
  const all = await list(clients, kind, userName);
  const active = all.filter(isActive);
  const isLate = (one: ListedCredential) =>
    isActive(one) && planned?.every(({ parameters }) => parameters[kind.idParameter] !== one.id) === true;
  return {
    prior: {
      credentials: all.map((one) => ({ id: one.id, status: one.status, ...(isLate(one) ? { late: true } : {}) })),
    },
    alreadySo: active.length === 0,
    calls: active.map(({ id }) => updateCall(kind, userName, id, 'Inactive')),
    mayBreak: active.map(({ id, service }) => {
      const where = service === undefined ? '' : ` (${service})`;
      return `Programs that use ${kind.noun[0]} ${id}${where} of user ${userName} stop.`;
    }),
    obstacles: [],
  };
}

async function deactivate(
  clients: AwsClients,
  kind: CredentialKind,
  request: ActionRequest,
  prior: JsonObject,
): Promise<JsonObject> {
  const userName = await confirmUser(clients, request);
  const found = (await list(clients, kind, userName)).filter(isActive).map(({ id }) => id);
  await changeEach(found, `${kind.noun[1]} were deactivated`, (id) => kind.update(clients, userName, id, 'Inactive'));
  // A try that broke off half-way has left some of `prior` inactive already: those are ours to reactivate as well.
  return { userName, deactivated: [...new Set([...activeIn(kind, prior), ...found])].toSorted() };
}

async function verify(clients: AwsClients, kind: CredentialKind, request: ActionRequest): Promise<Verification> {
  const userName = targetUser(request);
  const all = await list(clients, kind, userName);
  const active = all.filter(isActive).map(({ id }) => id);
  if (active.length > 0) return { status: 'drifted', detail: `Active again or new: ${active.join(', ')}.` };
  return { status: 'holds', detail: `User ${userName} has no active ${kind.noun[0]} (${all.length} inactive).` };
}

/** One that is gone can't be put back, so nothing is: what its removal means for the others is a person's to judge. */
async function reactivate(
  clients: AwsClients,
  kind: CredentialKind,
  request: ActionRequest,
  ours: readonly string[],
): Promise<void> {
  const userName = await confirmUser(clients, request);
  const all = await list(clients, kind, userName);
  const gone = ours.filter((id) => !all.some((one) => one.id === id));
  if (gone.length > 0) {
    const message = `Someone else deleted ${kind.noun[0]} ${gone.join(', ')} of user ${userName} since; all are left as they are.`;
    throw new CordonFailure('Conflict', message);
  }
  const asleep = all.filter((one) => ours.includes(one.id) && !isActive(one)).map(({ id }) => id);
  await changeEach(asleep, `${kind.noun[1]} were reactivated`, (id) => kind.update(clients, userName, id, 'Active'));
}

async function list(clients: AwsClients, kind: CredentialKind, userName: string) {
  return (await kind.list(clients, userName)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** A status that we don't know must not pass for harmless. */
function isActive({ status }: ListedCredential): boolean {
  return status !== 'Inactive' && status !== 'Expired';
}

function activeIn(kind: CredentialKind, prior: JsonObject): readonly string[] {
  const { credentials } = read(priorSchema, prior, `The prior state of ${kind.id}`);
  return credentials.filter(isActive).map(({ id }) => id);
}

/** Active when the plan was made: those alone come back. */
function knownIn(kind: CredentialKind, prior: JsonObject): readonly string[] {
  const { credentials } = read(priorSchema, prior, `The prior state of ${kind.id}`);
  return credentials.filter((one) => isActive(one) && !one.late).map(({ id }) => id);
}

function toReactivate(kind: CredentialKind, prior: JsonObject, applied: JsonObject): readonly string[] {
  const { deactivated } = read(appliedSchema, applied, `The result of ${kind.id}`);
  return knownIn(kind, prior).filter((id) => deactivated.includes(id));
}

function restores(kind: CredentialKind, prior: JsonObject, applied: JsonObject) {
  const { userName, deactivated } = read(ownedSchema, applied, `The result of ${kind.id}`);
  const back = knownIn(kind, prior);
  const left = deactivated
    .filter((id) => !back.includes(id))
    .map(
      (id) => `The ${kind.noun[0]} ${id} of user ${userName} was not active when the plan was made: it stays inactive.`,
    );
  return { prior: { credentials: back.map((id) => ({ id, status: 'Active' })) }, left };
}

function updateCall(kind: CredentialKind, UserName: string, id: string, Status: Status): PlannedCall {
  return {
    service: 'iam',
    operation: kind.updateOperation,
    parameters: { UserName, [kind.idParameter]: id, Status },
  };
}

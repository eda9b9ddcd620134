import type { LambdaClient } from '@aws-sdk/client-lambda';
import { AddPermissionCommand, GetPolicyCommand, RemovePermissionCommand } from '@aws-sdk/client-lambda';
import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import { parseArn } from '../../../../domain/arn.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../../../domain/plan.ts';
import type { Action, Preflight, Verification } from '../../../port.ts';
import type { AwsClients } from '../../clients.ts';
import { orNull } from '../../confirm.ts';
import { leftToAPerson, refuseForAPerson } from '../../by-hand.ts';
import type { ActionFacts, AwsActionDefinition } from '../definition.ts';
import { EXAMPLE_LEFT, changeEach, read } from '../definition.ts';
import type { Addition } from './statement.ts';
import { additionOf, isStatement, statementOf } from './statement.ts';
import { DIGEST, FUNCTION_ARN, STATEMENT_ID } from '../../names.ts';

const FUNCTIONS = 'arn:aws:lambda:*:<account>:function:*';
const statementId = z.string().regex(STATEMENT_ID);
const parametersSchema = z.strictObject({
  /** Each as the event made it. */
  statements: z
    .array(z.strictObject({ statementId, digest: z.string().regex(DIGEST) }))
    .min(1)
    .max(50),
});
const priorSchema = z.object({ statements: z.array(z.object({ statementId, statement: z.string().max(20_000) })) });
type Prior = z.output<typeof priorSchema>['statements'];

const facts: ActionFacts = {
  id: 'remove-function-permissions',
  cloud: 'aws',
  title: 'Remove who may invoke a function by permission of the suspect',
  description:
    'Removes from the policy of a Lambda function exactly the statements that the log shows the suspect adding, and only while ' +
    'they say what the log says: whom they let invoke or change the function from outside can not any more. The function itself ' +
    'and its other permissions stay. What the statements said is kept in the ledger, and a rollback adds them again.',
  effect: 'declarative',
  reversibility: 'exact',
  proof:
    'The policy of the function has no statement that the suspect added, or Lambda does not know the function any more.',
  survives: 'Code of the function that was changed. What was done by invoking it meanwhile.',
  permissions: [
    { name: 'lambda:GetPolicy', resource: FUNCTIONS, purpose: 'prior state, verification' },
    { name: 'lambda:RemovePermission', resource: FUNCTIONS, purpose: 'the change' },
    { name: 'lambda:AddPermission', resource: FUNCTIONS, purpose: 'its rollback' },
  ],
  example: {
    ...EXAMPLE_LEFT,
    action: 'remove-function-permissions',
    target: 'arn:aws:lambda:us-east-1:123456789012:function:invoices',
    parameters: {
      statements: [
        {
          statementId: 'backdoor',
          digest: '3b24abd4eb877517427a740bcedab89c3a01bb2358598057677a0f1db5a05ec1',
        },
      ],
    },
  },
};

export const removeFunctionPermissions: AwsActionDefinition = {
  facts,
  create: (clients): Action => ({
    ...facts,
    preflight: (request) => preflight(clients, request),
    async apply(request, prior) {
      const { place } = wanted(request);
      const lambda = clientOf(clients, request);
      const found = await present(lambda, request);
      const odd = oddity(request, found);
      if (odd !== null) throw refuseForAPerson(odd);
      const before = statementsIn(prior);
      // One that someone else removed meanwhile is as wanted.
      await changeEach(found, 'statements were removed', ({ statementId: StatementId }) =>
        orNull<unknown>(lambda.send(new RemovePermissionCommand({ ...place, StatementId }))),
      );
      return { result: { functionArn: request.target, removed: before.map((one) => one.statementId) } };
    },
    verify: (request) => verify(clients, request),
    async revert(request, prior) {
      const { place, statements } = wanted(request);
      const lambda = clientOf(clients, request);
      const before = statementsIn(prior);
      const now = await present(lambda, request);
      const other = now.find((one) => !statements.some((wish) => isWished(one, wish)));
      if (other) throw changedByOthers(request, other.statementId);
      for (const one of before.filter(({ statementId: id }) => !now.some((there) => there.statementId === id))) {
        await lambda.send(new AddPermissionCommand({ ...place, ...addition(request, one) }));
      }
    },
    previewRevert: (request, prior) =>
      statementsIn(prior).map((one) => callOf('AddPermission', request, addition(request, one))),
  }),
};

async function preflight(clients: AwsClients, request: ActionRequest): Promise<Preflight> {
  // What names no function is refused before anything is said of its region.
  wanted(request);
  const { region = '' } = parseArn(request.target) ?? {};
  const lambda = clients.lambda.get(region);
  if (!lambda) return leftToAPerson(`Region ${region} of ${request.target} is none of those whose log Cordon reads.`);
  const found = await present(lambda, request);
  const odd = oddity(request, found);
  if (odd !== null) return leftToAPerson(odd);
  return {
    prior: { statements: found },
    alreadySo: found.length === 0,
    calls: found.map((one) => callOf('RemovePermission', request, { StatementId: one.statementId })),
    mayBreak: found.map(({ statement }) => `${request.target} is no longer open to: ${statement.slice(0, 500)}`),
    obstacles: [],
  };
}

async function verify(clients: AwsClients, request: ActionRequest): Promise<Verification> {
  const left = await present(clientOf(clients, request), request);
  const ids = left.map((one) => one.statementId).join(', ');
  return left.length > 0
    ? { status: 'drifted', detail: `The policy of ${request.target} has (again): ${ids}.` }
    : { status: 'holds', detail: `The policy of ${request.target} has no statement that the suspect added.` };
}

/** Of the statements named in the plan, those that are there, whatever they say. */
async function present(lambda: LambdaClient, request: ActionRequest): Promise<Prior> {
  const { place, statements } = wanted(request);
  const policy = (await orNull(lambda.send(new GetPolicyCommand(place))))?.Policy;
  if (policy === undefined) return [];
  const ids = [...new Set(statements.map((one) => one.statementId))];
  return ids.flatMap((id) => {
    const statement = statementOf(policy, id);
    return statement === null ? [] : [{ statementId: id, statement }];
  });
}

function isWished(
  { statementId: id, statement }: Prior[number],
  wish: { statementId: string; digest: string },
): boolean {
  return wish.statementId === id && isStatement(statement, wish.digest);
}

function addition(request: ActionRequest, { statementId: id, statement }: Prior[number]): Addition {
  const found = additionOf(statement);
  if (!found) throw changedByOthers(request, id);
  return found;
}

function callOf(
  operation: 'AddPermission' | 'RemovePermission',
  request: ActionRequest,
  rest: JsonObject,
): PlannedCall {
  return { service: 'lambda', operation, parameters: { ...wanted(request).place, ...rest } };
}

function clientOf(clients: AwsClients, { target }: ActionRequest): LambdaClient {
  const client = clients.lambda.get(parseArn(target)?.region ?? '');
  if (!client) throw refuseForAPerson(`The region of ${target} is none of those whose log Cordon reads.`);
  return client;
}

/** Why these statements are a person's to judge; null: they are the suspect's, and a rollback can add them again. */
function oddity(request: ActionRequest, found: Prior): string | null {
  const { statements } = wanted(request);
  const other = found.find((one) => !statements.some((wish) => isWished(one, wish)));
  if (other)
    return `Statement ${other.statementId} of ${request.target} does not say what the log shows the suspect adding.`;
  const odd = found.find(({ statement }) => additionOf(statement) === null);
  return odd ? `Statement ${odd.statementId} of ${request.target} could not be added again by a rollback.` : null;
}

function changedByOthers({ target }: ActionRequest, id: string): CordonFailure {
  return new CordonFailure(
    'Conflict',
    `Statement ${id} of ${target} was changed by someone else since; it is left as it is.`,
  );
}

function statementsIn(prior: JsonObject): Prior {
  return read(priorSchema, prior, 'The prior state of remove-function-permissions').statements;
}

/** Throws `TargetRefused` where the target is not exactly one function of the account, or one version or alias of it. */
function wanted({ target, accountId, parameters }: ActionRequest) {
  const arn = parseArn(target);
  if (!FUNCTION_ARN.test(target) || !arn || arn.accountId !== accountId) {
    throw new CordonFailure('TargetRefused', `The target is not one Lambda function of account ${accountId}.`);
  }
  const [, , Qualifier] = arn.resource.split(':');
  const FunctionName = Qualifier === undefined ? target : target.slice(0, -Qualifier.length - 1);
  const { statements } = read(parametersSchema, parameters, 'The parameters of remove-function-permissions');
  return { place: { FunctionName, ...(Qualifier === undefined ? {} : { Qualifier }) }, statements };
}

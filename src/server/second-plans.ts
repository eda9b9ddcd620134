import type { IncomingHttpHeaders } from 'node:http';

import type { FastifyBaseLogger } from 'fastify';
import { z } from 'zod';

import type { SecondPlanAnswer } from '../contracts/case-client.ts';
import type { SecondPlanInput } from '../contracts/messages.ts';
import type { CaseState } from '../domain/case.ts';
import { END_STATES } from '../domain/case.ts';
import { keysDeletableFrom } from '../policy/key-deletion.ts';
import { inertText } from '../sources/inert-text.ts';
import type { CaseRecord } from '../store/port.ts';
import type { App } from './app.ts';
import { caseParameters, recordOf } from './cases.ts';
import type { ServerDependencies } from './dependencies.ts';
import { HttpProblem, problemSchema } from './problem.ts';

export const MOST_REASON_CHARACTERS = 500;

const body = z.strictObject({ reason: z.string().min(1).max(MOST_REASON_CHARACTERS) });
const answer = z.object({ workflowId: z.string(), status: z.enum(['started', 'already-running']) });
const schemaOf = (operationId: string, summary: string) => ({
  operationId,
  summary,
  params: caseParameters,
  body,
  response: { 202: answer, '4xx': problemSchema, 503: problemSchema },
});

/** While a containment runs, what it changed is not yet all in the ledger that a rollback is planned from. */
const CONTAINING: readonly CaseState[] = ['CONTAINING', 'VERIFYING'];

type SecondPlanDependencies = Pick<ServerDependencies, 'config' | 'store' | 'cases' | 'now'> & {
  /** The approver whose token the request carries. */
  readonly approver: (headers: IncomingHttpHeaders) => string;
};

/** What people may ask for once a case was contained. Each gets a plan that waits for a decision of its own. */
export function secondPlanRoutes(app: App, dependencies: SecondPlanDependencies): void {
  const { store, cases, approver } = dependencies;
  app.post(
    '/v1/cases/:caseId/rollback',
    { schema: schemaOf('startRollback', 'Plan to put everything back; the plan waits for a decision of its own') },
    async ({ body: { reason }, params: { caseId }, headers, log }, reply) => {
      const { state, workflowId } = await recordOf(store, caseId);
      // One that was terminated says so for ever.
      if (CONTAINING.includes(state) && (await cases.pulse(workflowId, caseId)) !== 'gone') {
        throw new HttpProblem('conflict', 'The containment is under way. Wait until it has ended, then ask again.');
      }
      const asked = askedBy(approver(headers), caseId, reason);
      const started = await cases.startRollback(asked);
      return reply.code(202).send(unlessOther(started, 'A deletion of its keys', asked, log));
    },
  );

  app.post(
    '/v1/cases/:caseId/key-deletion',
    {
      schema: schemaOf(
        'startKeyDeletion',
        'Plan to delete for good the access keys that the case deactivated; the plan waits for a decision of its own',
      ),
    },
    async ({ body: { reason }, params: { caseId }, headers, log }, reply) => {
      await refuseDeletion(await recordOf(store, caseId), dependencies);
      const asked = askedBy(approver(headers), caseId, reason);
      const started = await cases.startKeyDeletion(asked);
      return reply.code(202).send(unlessOther(started, 'A rollback', asked, log));
    },
  );
}

function askedBy(requestedBy: string, caseId: string, reason: string): SecondPlanInput {
  return { caseId, requestedBy, reason: inertText(reason, MOST_REASON_CHARACTERS) };
}

function unlessOther(
  { workflowId, status }: SecondPlanAnswer,
  other: string,
  { caseId, requestedBy }: SecondPlanInput,
  log: FastifyBaseLogger,
): z.infer<typeof answer> {
  if (status === 'other-running')
    throw new HttpProblem('conflict', `${other} of this case is under way. Decide on that first, then ask again.`);
  log.info({ caseId, requestedBy, workflowId, status }, 'A second plan was asked for');
  return { workflowId, status };
}

/** What can be told at once; the plan is made from a fresh read, and has the last word. */
async function refuseDeletion(
  { caseId, state, principalKey }: CaseRecord,
  { config, store, now = () => new Date() }: SecondPlanDependencies,
): Promise<void> {
  if (!END_STATES.includes(state))
    throw new HttpProblem('conflict', `The case is ${state}. Keys are deleted once it is closed; ask again then.`);
  const open = await store.cases.openFor(principalKey);
  if (open)
    throw new HttpProblem('conflict', `Case ${open.caseId} of the same identity is open. Ask again when it is closed.`);
  const from = keysDeletableFrom(await store.ledger.ofCase(caseId), config.aws.deleteKeysAfterDays);
  if (from === null)
    throw new HttpProblem(
      'conflict',
      'This case deactivated no access keys of its identity: there is nothing to delete. Only access keys of AWS users are deleted.',
    );
  if (Date.parse(from) > now().getTime())
    throw new HttpProblem(
      'conflict',
      `Not before ${from}: until then the owner may ask for the keys back (aws.deleteKeysAfterDays). Ask again from then on.`,
    );
}

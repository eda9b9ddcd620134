import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { CordonFailure } from '../contracts/failures.ts';
import { AlertInvalid, pointerOf } from '../sources/invalid.ts';

/** Grouped by who must act: the caller (4xx), the operator (500), nobody yet (503, retry). */
const PROBLEMS = {
  'request-invalid': [400, 'The request does not fit what this route documents'],
  'body-not-json': [400, 'The body is not JSON in UTF-8'],
  unauthenticated: [401, 'The request is not authenticated'],
  forbidden: [403, 'You may not do this'],
  'not-found': [404, 'There is nothing here'],
  conflict: [409, 'This is no longer possible as asked'],
  'body-too-large': [413, 'The body is larger than 1 MiB'],
  'content-type': [415, 'The body must be sent as application/json'],
  'alert-invalid': [422, 'The alert does not fit its format'],
  internal: [500, 'Cordon could not answer'],
  unavailable: [503, 'A part of Cordon does not answer at the moment'],
} as const satisfies Record<string, readonly [status: number, title: string]>;
export type ProblemName = keyof typeof PROBLEMS;

export interface FieldProblem {
  readonly pointer?: string;
  readonly header?: string;
  readonly detail: string;
}

/** RFC 9457. `detail` and `errors` are Cordon's own words; nothing that a caller sent is repeated, except inert field names. */
export const problemSchema = z.object({
  type: z.string().describe('`urn:cordon:problem:` and a name'),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  instance: z.string().describe('`urn:uuid:` of the request, as in the log'),
  errors: z
    .array(
      z.object({
        pointer: z.string().optional().describe('JSON pointer into the body'),
        header: z.string().optional(),
        detail: z.string(),
      }),
    )
    .optional(),
});

/** Thrown anywhere in a request. */
export class HttpProblem extends Error {
  readonly problem: ProblemName;
  readonly detail: string | undefined;
  readonly errors: readonly FieldProblem[];

  constructor(problem: ProblemName, detail?: string, errors: readonly FieldProblem[] = []) {
    super(detail ?? PROBLEMS[problem][1]);
    this.name = 'HttpProblem';
    this.problem = problem;
    this.detail = detail;
    this.errors = errors;
  }
}

export function documentOf({ problem, detail, errors }: HttpProblem, requestId: string): z.infer<typeof problemSchema> {
  const [status, title] = PROBLEMS[problem];
  return {
    type: `urn:cordon:problem:${problem}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    instance: `urn:uuid:${requestId}`,
    ...(errors.length === 0 ? {} : { errors: [...errors] }),
  };
}

/** The one place where an error becomes an answer. What is not the caller's fault is logged with its stack, and never shown. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  const document = documentOf(problem, request.id);
  const line = { problem: problem.problem, route: request.routeOptions.url, from: request.ip };
  if (document.status >= 500) request.log.error({ ...line, err: error }, 'Request failed');
  else request.log.warn({ ...line, errors: problem.errors, detail: problem.detail }, 'Request refused');
  if (document.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (document.status === 503) void reply.header('retry-after', '5');
  return reply.code(document.status).type('application/problem+json').send(JSON.stringify(document));
}

export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof AlertInvalid) return new HttpProblem('alert-invalid', undefined, error.problems);
  if (error instanceof CordonFailure && ['Unavailable', 'TimedOut', 'OutcomeUnknown'].includes(error.type)) {
    return new HttpProblem('unavailable', error.message);
  }
  const { code, statusCode } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new HttpProblem('body-too-large');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new HttpProblem('content-type');
  if (code?.startsWith('FST_ERR_CTP_')) return new HttpProblem('body-not-json');
  if (statusCode === 404) return new HttpProblem('not-found');
  // Fastify's own messages can repeat the URL: the title has to do.
  return new HttpProblem(statusCode !== undefined && statusCode < 500 ? 'request-invalid' : 'internal');
}

/** What zod finds wrong with a part of a request. */
export function invalidRequest(part: string, error: z.ZodError): HttpProblem {
  const errors = error.issues.map((issue) =>
    part === 'body'
      ? { pointer: pointerOf(issue.path), detail: issue.message }
      : { detail: `${part} ${pointerOf(issue.path).slice(1)}: ${issue.message}` },
  );
  return new HttpProblem('request-invalid', undefined, errors.slice(0, 20));
}

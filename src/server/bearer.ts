import type { IncomingHttpHeaders } from 'node:http';

import { BEARER_HEADER } from '../config/tokens.ts';
import { HttpProblem } from './problem.ts';
import { sameSecret } from './signature.ts';

/** Throws `HttpProblem` (401) unless the request carries exactly this token. */
export function checkBearer(headers: IncomingHttpHeaders, token: string): void {
  if (!sameSecret(bearerOf(headers), token)) throw refused('Not the token of this source');
}

/** Whose token it is. All are compared, so that the time does not tell whose was nearly right. */
export function approverOf(headers: IncomingHttpHeaders, tokens: Readonly<Record<string, string>>): string {
  const given = bearerOf(headers);
  const matching = Object.entries(tokens).filter(([, token]) => sameSecret(given, token));
  const [approver] = matching[0] ?? [];
  if (approver === undefined) throw refused('Not the token of a listed approver');
  return approver;
}

function bearerOf({ authorization }: IncomingHttpHeaders): string {
  const token = BEARER_HEADER.exec(authorization ?? '')?.[1];
  if (token === undefined) throw refused('Expected `Bearer` and a token');
  return token;
}

function refused(detail: string): HttpProblem {
  return new HttpProblem('unauthenticated', undefined, [{ header: 'authorization', detail }]);
}

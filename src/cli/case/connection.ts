import type { Command } from 'commander';
import type { z } from 'zod';

import { authorised, bearerToken, call, serverUrl } from '../client.ts';
import type { Context } from '../context.ts';

/** What the server lets approvers do, as the person that CORDON_TOKEN names. */
export interface CaseConnection {
  get<Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer>;
  post<Answer>(path: string, body: object, schema: z.ZodType<Answer>): Promise<Answer>;
  put<Answer>(path: string, body: object, schema: z.ZodType<Answer>): Promise<Answer>;
}

export function urlOption(command: Command): Command {
  return command.option('--url <url>', 'address of the server (default: CORDON_URL, else the configuration)');
}

export async function connect(context: Context, url: string | undefined): Promise<CaseConnection> {
  const headers = authorised(bearerToken());
  const server = await serverUrl(context, url);
  const sending =
    (method: 'POST' | 'PUT') =>
    <Answer>(path: string, body: object, schema: z.ZodType<Answer>) =>
      call(server, path, schema, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        body: new TextEncoder().encode(JSON.stringify(body)),
      });
  return {
    get: (path, schema) => call(server, path, schema, { headers }),
    post: sending('POST'),
    put: sending('PUT'),
  };
}

/** A case id is data: it must not lead to another path of the server. */
export function casePath(caseId: string, part = ''): string {
  return `v1/cases/${encodeURIComponent(caseId)}${part}`;
}

import { z } from 'zod';

import { Secret } from '../config/secrets.ts';
import type { Context } from './context.ts';
import { configOf } from './context.ts';
import { describeError, RefusedError, UsageError } from './failures.ts';
import { withProgress } from './progress.ts';
import { note } from './terminal.ts';

const TIMEOUT_MS = 30_000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/u;

/** RFC 9457, with the fields that were wrong. */
const problemSchema = z.object({
  title: z.string(),
  detail: z.string().optional(),
  errors: z
    .array(z.object({ pointer: z.string().optional(), header: z.string().optional(), detail: z.string().optional() }))
    .optional(),
});

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** Address of Cordon's server: `--url`, else CORDON_URL, else from the configuration. */
export async function serverUrl(context: Context, given: string | undefined): Promise<URL> {
  const named = given ?? (process.env['CORDON_URL'] || undefined);
  if (named !== undefined) return checkedUrl(named, given === undefined ? 'CORDON_URL' : '--url');
  const { server } = (await configOf(context)).config;
  if (server.publicUrl !== undefined) return checkedUrl(server.publicUrl, 'server.publicUrl');
  if (server.port === 0)
    throw new UsageError('server.port is 0 (any free port): name the server with --url or CORDON_URL.');
  const host = server.host === '0.0.0.0' || server.host === '::' ? '127.0.0.1' : server.host;
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}:${server.port}/`);
}

function checkedUrl(text: string, from: string): URL {
  const url = URL.parse(text);
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(`${from} must be an http or https URL.`);
  if (url.username || url.password) throw new UsageError(`${from} must not hold a name or password; set CORDON_TOKEN.`);
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    note(`warning: ${url.host} is reached over plain http; who listens on the way can read the token.`);
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** The token by which the server knows who is asking. */
export function bearerToken(): Secret {
  const token = process.env['CORDON_TOKEN'];
  if (!token)
    throw new UsageError('CORDON_TOKEN is not set. Set it to your token, the one under `approvers` that is yours.');
  return new Secret(token);
}

export function authorised(token: Secret): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token.reveal()}` };
}

/** The parsed JSON answer. Any other than success is a `RefusedError` that says what the server said. */
export async function call<Answer>(
  server: URL,
  path: string,
  schema: z.ZodType<Answer>,
  request: Request = {},
): Promise<Answer> {
  const response = await withProgress(`Waiting for ${server.host}`, send(new URL(path, server), request));
  const text = await response.text();
  if (!response.ok) throw new RefusedError(refusal(response.status, text));
  const parsed = schema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new RefusedError(`The server at ${server.host} answered in a form that this version does not know (${wrong}).`);
}

async function send(url: URL, { method = 'GET', headers, body }: Request): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: { accept: 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
      // A token must not follow to another place.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const reason = describeError((error as Error).cause ?? error);
    const unknown = method === 'GET' ? '' : ' Whether it took effect is not known: look before you repeat it.';
    throw new RefusedError(
      `Cordon's server does not answer at ${url.origin} (${reason}).${unknown} Start it with \`cordon up\`, or name it with --url or CORDON_URL.`,
    );
  }
}

function refusal(status: number, text: string): string {
  const problem = problemSchema.safeParse(jsonOf(text));
  if (!problem.success) return `The server answered ${status} without saying why.`;
  const { title, detail, errors = [] } = problem.data;
  const fields = errors.map(
    (error) => `\n  ${[error.pointer ?? error.header, error.detail].filter(Boolean).join(': ')}`,
  );
  return `${title}${detail === undefined ? '' : `: ${detail}`} (${status})${fields.join('')}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type Json = Record<string, unknown>;

/** One request, read completely. */
export interface Call {
  readonly method: string;
  /** Decoded, without host and query; a doubled slash at the start, as the SDK for role assignments sends it, is gone. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** `{}` where none was sent. */
  readonly body: Json;
  /** The body of a form, else empty. */
  readonly form: URLSearchParams;
  /** From `x-forwarded-for` if sent: every caller of a test lives on one machine. */
  readonly sourceIpAddress: string;
  /** `https://127.0.0.1:PORT`, which every link of an answer starts with. */
  readonly url: string;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that ends the handling of a call: `{error: {code, message}}`, the shape that ARM and Graph share. */
export class ApiError extends Error {
  readonly reply: Reply;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.reply = { status, body: { error: { code, message } }, headers };
  }
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function recordOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** One page of a list and the link to the next, which differs in name between ARM (`nextLink`) and Graph (`@odata.nextLink`). */
export function pageOf(call: Call, rows: readonly unknown[], pageSize: number, linkName: string): Json {
  const from = Number(call.query.get('$skiptoken') ?? 0);
  const top = Number(call.query.get('$top') ?? pageSize);
  const size = Math.min(top, pageSize);
  const value = rows.slice(from, from + size);
  if (from + size >= rows.length) return { value };
  const query = new URLSearchParams(call.query);
  query.set('$skiptoken', String(from + size));
  return { value, [linkName]: `${call.url}${call.path}?${query.toString()}` };
}

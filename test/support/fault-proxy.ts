import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What can become of a call on its way. `lost` is the only one that takes effect before it fails. */
export const FAULTS = ['throttled', 'unavailable', 'denied', 'silent', 'reset', 'lost'] as const;
export type Fault = (typeof FAULTS)[number];

export interface ProxiedCall {
  /** As IAM policies spell it: `iam`, `sts`, `cloudtrail`, `secretsmanager`. */
  readonly service: string;
  readonly operation: string;
  /** From 1: which call of this operation it is since the last `clear`. */
  readonly occurrence: number;
  readonly write: boolean;
  /** As it was sent, decoded where it is a form: tells about whom the call is. */
  readonly text: string;
}

export interface FaultProxy {
  readonly url: string;
  /** Every call in the order in which it came in, also those that were not let through. */
  readonly calls: readonly ProxiedCall[];
  /** Asked for each call; `undefined` lets it through. It may take its time: the call is held meanwhile. */
  interfere(decide: (call: ProxiedCall) => Fault | undefined | Promise<Fault | undefined>): void;
  /** Lets everything through again and forgets the calls. */
  clear(): void;
  stop(): Promise<void>;
}

/** Stands before an AWS endpoint. Requests pass as they came, the Host header too: the signature covers it. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let decide: Parameters<FaultProxy['interfere']>[0] = () => undefined;
  let calls: ProxiedCall[] = [];
  const server = createServer((incoming, answer) => {
    handle(incoming, answer).catch(() => incoming.socket.destroy());
  });

  async function handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const { service, operation, text } = callOf(incoming, body);
    const occurrence = calls.filter((one) => one.service === service && one.operation === operation).length + 1;
    const call = { service, operation, occurrence, write: !READS.test(operation), text };
    calls.push(call);
    const fault = await decide(call);
    if (fault === 'silent') return;
    if (fault === 'reset') return void incoming.socket.resetAndDestroy();
    if (fault === undefined) return forward(target, incoming, body, answer);
    if (fault === 'lost') {
      await forward(target, incoming, body);
      return void incoming.socket.destroy();
    }
    const { status, type, body: explanation } = refusal(fault, call, incoming);
    answer.writeHead(status, { 'content-type': type, 'x-amzn-requestid': 'fault-proxy' }).end(explanation);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls;
    },
    interfere: (how) => void (decide = how),
    clear() {
      decide = () => undefined;
      calls = [];
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const READS = /^(?:Get|List|Describe|Simulate|Lookup)/u;

/** Query protocol: `Action` in the form; JSON protocol: the end of X-Amz-Target. The service stands in the signature's scope. */
function callOf({ headers }: IncomingMessage, body: Buffer): Pick<ProxiedCall, 'service' | 'operation' | 'text'> {
  const [, service] = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//u.exec(headers.authorization ?? '') ?? [];
  const target = headers['x-amz-target'];
  const form = typeof target === 'string' ? null : new URLSearchParams(body.toString());
  const operation = form ? form.get('Action') : String(target).split('.').at(-1);
  if (!service || !operation) throw new Error('A request that is no call of AWS came to the fault proxy.');
  return { service, operation, text: form ? [...form.values()].join('\n') : body.toString() };
}

/** Without an answer to write to, the call only takes effect. */
async function forward(target: string, incoming: IncomingMessage, body: Buffer, answer?: ServerResponse) {
  const { hostname, port } = new URL(target);
  const { method, url: path, headers } = incoming;
  await new Promise<void>((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      response.on('end', resolve).on('error', reject);
      answer?.writeHead(response.statusCode ?? 502, response.headers);
      if (answer) response.pipe(answer);
      else response.resume();
    });
    outgoing.on('error', reject).end(body);
  });
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** The codes that AWS's own services use, in the shape of the protocol that the caller speaks. */
function refusal(fault: 'throttled' | 'unavailable' | 'denied', call: ProxiedCall, { headers }: IncomingMessage) {
  const json = headers['x-amz-target'] !== undefined;
  const name = `${call.service}:${call.operation}`;
  const known: Readonly<Record<typeof fault, Refusal>> = {
    throttled: { status: 400, code: json ? 'ThrottlingException' : 'Throttling', message: 'Rate exceeded' },
    unavailable: { status: 503, code: json ? 'ServiceUnavailableException' : 'ServiceUnavailable', message: 'Later' },
    denied: {
      status: json ? 400 : 403,
      code: json ? 'AccessDeniedException' : 'AccessDenied',
      message: `User: arn:aws:iam::123456789012:user/cordon is not authorized to perform: ${name} on resource: * because no identity-based policy allows the ${name} action`,
    },
  };
  const { status, code, message } = known[fault];
  if (json) return { status, type: headers['content-type'] ?? '', body: JSON.stringify({ __type: code, message }) };
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  const body = `<ErrorResponse>${error}<RequestId>fault-proxy</RequestId></ErrorResponse>`;
  return { status, type: 'text/xml', body };
}

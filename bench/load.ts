// A thread of its own: what sends must not take the time of what answers.
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

import { signatureHeaders } from '../src/server/signature.ts';

export interface LoadOrder {
  readonly url: string;
  readonly secret: string;
  readonly bodies: readonly string[];
  /** Each body is sent so often. */
  readonly copies: number;
  readonly atOnce: number;
  readonly withinMs: number;
}

export interface LoadResult {
  readonly seconds: number;
  readonly sent: number;
  /** By status of the answer, as `202 accepted`. */
  readonly answers: Readonly<Record<string, number>>;
  readonly milliseconds: readonly number[];
}

async function run({ url, secret, bodies, copies, atOnce, withinMs }: LoadOrder): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const answers: Record<string, number> = {};
  const milliseconds: number[] = [];
  const total = bodies.length * copies;
  const startMs = performance.now();
  let sent = 0;
  const lane = async () => {
    while (sent < total && performance.now() - startMs < withinMs) {
      const body = bodies[sent % bodies.length] ?? '';
      sent += 1;
      const sentMs = performance.now();
      const answer = await post(agent, url, body, signatureHeaders(secret, body, new Date()));
      milliseconds.push(performance.now() - sentMs);
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  agent.destroy();
  return { seconds: (performance.now() - startMs) / 1000, sent, answers, milliseconds };
}

function post(agent: Agent, url: string, body: string, signature: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...signature };
    const sending = request(url, { method: 'POST', agent, headers, timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', reject).once('end', () => {
        const { status } = JSON.parse(text) as { readonly status?: unknown };
        resolve(`${response.statusCode} ${typeof status === 'string' ? status : ''}`.trim());
      });
    });
    sending.once('timeout', () => sending.destroy(new Error('The server did not answer within 10 s.')));
    sending.once('error', reject).end(body);
  });
}

parentPort?.postMessage(await run(workerData as LoadOrder));

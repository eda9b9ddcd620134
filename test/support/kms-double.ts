import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type KmsFault = 'throttled' | 'denied' | 'broken' | 'silent' | 'cut' | 'wrong-key' | 'nonsense';

export interface KmsDouble {
  readonly url: string;
  readonly keyArn: string;
  /** DER, SubjectPublicKeyInfo, as GetPublicKey gives it. */
  readonly publicKey: Buffer;
  /** What becomes of every call from now on. */
  fault: KmsFault | null;
  readonly signed: number;
  /** The largest message that it was asked to sign. Bytes. */
  readonly largest: number;
  stop(): Promise<void>;
}

/** AWS KMS limits RAW messages so. https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html */
export const MOST_MESSAGE_BYTES = 4096;

const REFUSALS: Partial<Record<KmsFault, readonly [status: number, type: string]>> = {
  throttled: [400, 'ThrottlingException'],
  denied: [400, 'AccessDeniedException'],
  broken: [500, 'KMSInternalException'],
};

type Answer = readonly [status: number, body: object, errorType?: string | undefined];

/** One key of a key management service behind HTTP: `Sign` with MessageType RAW and ED25519_SHA_512. No signature of the request is checked. */
export async function startKmsDouble(): Promise<KmsDouble> {
  const pair = generateKeyPairSync('ed25519');
  const other = generateKeyPairSync('ed25519');
  const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';
  const state: { fault: KmsFault | null; signed: number; largest: number } = { fault: null, signed: 0, largest: 0 };

  async function answer(request: IncomingMessage): Promise<Answer | null> {
    const body = await bodyOf(request);
    const { fault } = state;
    if (fault === 'silent' || fault === 'cut') return null;
    const [status, type] = (fault && REFUSALS[fault]) ?? [];
    if (status !== undefined) return [status, { __type: type, message: `secret detail of ${keyArn}` }, type];
    const message = readSign(request, body, keyArn);
    if (typeof message === 'string') return [400, { __type: 'ValidationException', message }, 'ValidationException'];
    state.signed++;
    state.largest = Math.max(state.largest, message.length);
    return [200, { KeyId: keyArn, SigningAlgorithm: 'ED25519_SHA_512', Signature: signature(message, fault) }];
  }

  function signature(message: Buffer, fault: KmsFault | null): string {
    if (fault === 'nonsense') return 'AAAA';
    const key: KeyObject = fault === 'wrong-key' ? other.privateKey : pair.privateKey;
    return sign(null, message, key).toString('base64');
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = await answer(request);
    if (!given) {
      if (state.fault === 'cut') request.socket.destroy();
      return;
    }
    const [status, body, errorType] = given;
    const headers = { 'content-type': 'application/x-amz-json-1.1' };
    response.writeHead(status, errorType ? { ...headers, 'x-amzn-errortype': errorType } : headers);
    response.end(JSON.stringify(body));
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keyArn,
    publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }),
    stop: () =>
      new Promise<void>((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  });
}

/** The bytes to sign, or what is wrong with the call. */
function readSign(request: IncomingMessage, body: string, keyArn: string): Buffer | string {
  if (request.headers['x-amz-target'] !== 'TrentService.Sign') return 'Only Sign is modelled.';
  const { KeyId, Message, MessageType, SigningAlgorithm } = JSON.parse(body) as Record<string, string>;
  if (KeyId !== keyArn) return 'There is no such key.';
  if (MessageType !== 'RAW') return 'ED25519_SHA_512 signs RAW messages only.';
  if (SigningAlgorithm !== 'ED25519_SHA_512') return 'The key is of spec ECC_NIST_EDWARDS25519.';
  const message = Buffer.from(Message ?? '', 'base64');
  return message.length >= 1 && message.length <= MOST_MESSAGE_BYTES ? message : 'The message has 1 to 4096 bytes.';
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

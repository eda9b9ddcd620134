import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import { HttpProblem } from './problem.ts';

export const TIMESTAMP_HEADER = 'x-cordon-timestamp';
export const SIGNATURE_HEADER = 'x-cordon-signature';

/** Headers of a signed alert. The timestamp is in Unix seconds; the body is signed byte for byte as it is sent. */
export function signatureHeaders(secret: string, body: string | Uint8Array, now: Date): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return { [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: signatureOf(secret, timestamp, body) };
}

/** Throws `HttpProblem` (401) that names the header, never the expected value. */
export function checkSignature(
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  secret: string,
  toleranceSeconds: number,
  now: Date,
): void {
  const timestamp = headers[TIMESTAMP_HEADER];
  const signature = headers[SIGNATURE_HEADER];
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/u.test(timestamp)) {
    throw refused(TIMESTAMP_HEADER, 'Expected the time of sending in Unix seconds');
  }
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > toleranceSeconds) {
    throw refused(TIMESTAMP_HEADER, `More than ${toleranceSeconds} s away from the time of this server`);
  }
  if (typeof signature !== 'string' || !sameSecret(signature, signatureOf(secret, timestamp, body))) {
    throw refused(SIGNATURE_HEADER, 'Expected v1= and the hex HMAC-SHA256 of `v1:<timestamp>:<body>`');
  }
}

/** Compares without telling by its time how much is right; hashing first makes the lengths equal. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function signatureOf(secret: string, timestamp: string, body: string | Uint8Array): string {
  return `v1=${createHmac('sha256', secret).update(`v1:${timestamp}:`).update(body).digest('hex')}`;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refused(header: string, detail: string): HttpProblem {
  return new HttpProblem('unauthenticated', undefined, [{ header, detail }]);
}

import { fileURLToPath } from 'node:url';

import type { DataConverter, Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';

import type { Cipher } from './port.ts';

const ENCODING = 'binary/encrypted';
const PayloadMessage = proto.temporal.api.common.v1.Payload;

/** Also for `bundleWorkflowCode`: the bundle carries the failure converter, the codec stays outside the sandbox. */
export const failureConverterPath = fileURLToPath(new URL('./failure-converter.ts', import.meta.url));

/** The same for clients, workers and replays: every payload, error message and stack trace is encrypted. */
export function dataConverter(cipher: Cipher): DataConverter {
  return { payloadCodecs: [encryptingCodec(cipher)], failureConverterPath };
}

/**
 * Encrypts whole payloads, metadata included, bound to namespace and workflow id: a payload moved to another workflow does not
 * open. Arguments and results of activities are bound to the workflow that called them. Not bound: which place within that
 * workflow a payload has; what matters there (plans, decisions) is bound by its own digest and signature.
 *
 * The SDK tells the context for all that workflows, activities, updates, signals, queries, memos and their failures carry. It
 * tells none for the failure of a workflow task (which a worker reports when a payload was refused: to throw there would end the
 * worker), schedules' memos, standalone activities and Nexus clients. Those are bound to one another only, and open nowhere else.
 */
export function encryptingCodec(cipher: Cipher): PayloadCodec {
  return {
    encode: async (payloads, context) => payloads.map((payload) => seal(cipher, payload, place(context))),
    decode: async (payloads, context) => payloads.map((payload) => open(cipher, payload, place(context))),
  };
}

function seal(cipher: Cipher, payload: Payload, context: string): Payload {
  return {
    metadata: { encoding: Buffer.from(ENCODING), 'encryption-key-id': Buffer.from(cipher.keyId) },
    data: cipher.seal(PayloadMessage.encode(payload).finish(), context),
  };
}

/** A payload in the clear was put there by someone without the key: it is refused, whatever it says. */
function open(cipher: Cipher, payload: Payload, context: string): Payload {
  const encoding = payload.metadata?.['encoding'];
  if (!encoding || Buffer.from(encoding).toString() !== ENCODING || !payload.data) {
    throw new Error('A payload in Temporal is not encrypted, so it is not from Cordon. It is refused.');
  }
  const { metadata, data } = PayloadMessage.decode(cipher.open(payload.data, context));
  return { metadata, data };
}

function place(context: SerializationContext | undefined): string {
  return context?.workflowId ? `temporal|${context.namespace}|${context.workflowId}` : 'temporal';
}

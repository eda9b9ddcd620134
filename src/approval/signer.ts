import { sign } from 'node:crypto';

import { canonicalJson } from '../domain/canonical.ts';
import type { SigningKey } from './keys.ts';
import type { DecisionSigner } from './port.ts';

export function decisionSigner({ keyId, privateKey }: SigningKey): DecisionSigner {
  return {
    sign: (decision) => ({
      decision,
      keyId,
      signature: sign(null, Buffer.from(canonicalJson(decision)), privateKey).toString('base64'),
    }),
  };
}

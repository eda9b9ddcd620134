import type { Config } from '../../config/schema.ts';
import { resolveSecret, Secret } from '../../config/secrets.ts';
import { signatureHeaders } from '../../server/signature.ts';
import { authorised } from '../client.ts';

type SourceAuthentication = NonNullable<Config['sources'][keyof Config['sources']]>;

/** Headers by which the server knows that `body` came from this source: a bearer token, or an HMAC over time and body. */
export async function authenticate(
  authentication: SourceAuthentication,
  body: Uint8Array,
  now = new Date(),
): Promise<Readonly<Record<string, string>>> {
  const secret = new Secret(await resolveSecret(authentication.secret));
  return authentication.type === 'bearer' ? authorised(secret) : signatureHeaders(secret.reveal(), body, now);
}

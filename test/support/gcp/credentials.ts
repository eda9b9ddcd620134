import { JWT, OAuth2Client } from 'google-auth-library';

import type { KeyFile } from './keys.ts';

const GOOGLE_TOKEN_HOST = 'oauth2.googleapis.com';
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

/**
 * The real library's client for a key file, sent to the token endpoint that the file names.
 *
 * google-auth-library has Google's token URL built in and ignores the file's `token_uri`. What works: its transporter is a
 * Gaxios with request interceptors, a documented part of it; one that swaps origin and path of calls to Google's token host
 * leaves signing, caching, expiry and error handling to the library. The assertion's audience stays Google's URL, so that a
 * stand-in must accept that. API calls go elsewhere with each service's own `rootUrl`. Scopes must be given: without them the
 * library sends a self-signed JWT in place of an access token.
 */
export function credentialsOf(key: KeyFile): JWT {
  const client = new JWT({ email: key.client_email, key: key.private_key, keyId: key.private_key_id, scopes: SCOPES });
  const tokenUrl = new URL(key.token_uri);
  client.transporter.interceptors.request.add({
    resolved: async (request) => {
      if (request.url.host !== GOOGLE_TOKEN_HOST) return request;
      return { ...request, url: new URL(tokenUrl) };
    },
  });
  return client;
}

/** A client for an access token that was got elsewhere; never refreshed. */
export function bearer(accessToken: string): OAuth2Client {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: accessToken });
  return client;
}

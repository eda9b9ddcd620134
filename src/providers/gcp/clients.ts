import { cloudresourcemanager_v3 as resourcemanager } from '@googleapis/cloudresourcemanager';
import { iam_v1 as iam } from '@googleapis/iam';
import { logging_v2 as logging } from '@googleapis/logging';
import type { gaxios, GoogleAuthOptions } from 'google-auth-library';
import { GoogleAuth, OAuth2Client } from 'google-auth-library';

import { CordonFailure } from '../../contracts/failures.ts';
import { toFailure } from './failures.ts';
import type { GcpSettings } from './settings.ts';

/** Every failure of these clients is a `CordonFailure`. */
export interface GcpClients {
  readonly iam: iam.Iam;
  readonly resources: resourcemanager.Cloudresourcemanager;
  readonly logging: logging.Logging;
  /** The e-mail address that Cordon itself calls as. */
  readonly ownEmail: () => Promise<string>;
}

const NO_RETRIES = { retry: 0 };

/** Stands before every call of every service, where the network would fail: `next` makes the call. */
export type GcpInterceptor = <Answer>(
  options: gaxios.GaxiosOptions,
  next: () => Promise<gaxios.GaxiosResponse<Answer>>,
) => Promise<gaxios.GaxiosResponse<Answer>>;

/** One token for all services; each call is tried once, because the activity that makes it is what is retried. */
export function createGcpClients(settings: GcpSettings, intercept: GcpInterceptor = (_, next) => next()): GcpClients {
  const auth = new FailingAuth(intercept, {
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
    ...(settings.credentials ? { credentials: settings.credentials } : {}),
    clientOptions: { transporterOptions: transporterOptions(settings) },
  });
  // Some kinds of credentials bring a transporter of their own, which knows no bounds: each call names them as well.
  const options = { auth, timeout: timeoutOf(settings), retryConfig: NO_RETRIES };
  return {
    iam: new iam.Iam(options),
    resources: new resourcemanager.Cloudresourcemanager(options),
    logging: new logging.Logging(options),
    ownEmail: () => ownEmail(auth),
  };
}

/**
 * The transporter carries the calls and the token exchange alike, so an endpoint of tests is put in here: the library takes no
 * other address for tokens.
 */
function transporterOptions(settings: GcpSettings): gaxios.GaxiosOptions {
  const { endpoint } = settings;
  return {
    timeout: timeoutOf(settings),
    retryConfig: NO_RETRIES,
    ...(endpoint === undefined
      ? {}
      : {
          fetchImplementation: (input: string | URL | Request, init?: RequestInit) => fetch(at(endpoint, input), init),
        }),
  };
}

function timeoutOf({ callTimeoutMs }: GcpSettings): number {
  return callTimeoutMs ?? 4_000;
}

function at(endpoint: string, input: string | URL | Request): URL {
  const { pathname, search } = new URL(input instanceof Request ? input.url : input);
  return new URL(`${endpoint.replace(/\/$/u, '')}${pathname}${search}`);
}

/** What the services call through: the outermost layer, so failures of the credentials pass through it as well. */
class FailingAuth extends GoogleAuth {
  readonly #intercept: GcpInterceptor;

  constructor(intercept: GcpInterceptor, options: GoogleAuthOptions) {
    super(options);
    this.#intercept = intercept;
  }

  override async request<Answer>(options: gaxios.GaxiosOptions): Promise<gaxios.GaxiosResponse<Answer>> {
    try {
      return await this.#intercept(options, () => super.request<Answer>(options));
    } catch (error) {
      throw toFailure(error, { method: options.method ?? 'GET', url: String(options.url) });
    }
  }
}

async function ownEmail(auth: GoogleAuth): Promise<string> {
  try {
    const client = await auth.getClient();
    const { client_email: known } = await auth.getCredentials();
    if (known) return known.toLowerCase();
    const { token } = await client.getAccessToken();
    const email = client instanceof OAuth2Client && token ? (await client.getTokenInfo(token)).email : undefined;
    if (email) return email.toLowerCase();
  } catch (error) {
    throw toFailure(error, { method: 'GET', url: 'https://oauth2.googleapis.com/tokeninfo' });
  }
  const message = 'Google does not say who Cordon itself is. Give it a service account of its own.';
  throw new CordonFailure('ValidationFailed', message);
}

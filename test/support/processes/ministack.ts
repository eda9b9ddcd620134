import type { IAMClient } from '@aws-sdk/client-iam';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pins from '../../../scripts/pins.json' with { type: 'json' };
import { freePort, isExecutable, startServerProcess } from '../../../src/runtime/server-process.ts';

export interface MiniStackOptions {
  readonly port?: number;
  /** Twelve digits. */
  readonly accountId?: string;
}

export interface MiniStack {
  /** Endpoint for every AWS client, `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly accountId: string;
  readonly region: string;
  /** Credentials of the account's root. They pass every check, so use them to build the stage and never to prove anything. */
  readonly root: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Moves all that CloudTrail recorded so far into the past, so that an account can have a history. */
  ageLog(seconds: number): Promise<void>;
  /** Empties the account. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** AWS with IAM enforced and CloudTrail recording; ministack_launcher.py says what is mended in it. */
export async function startMiniStack(options: MiniStackOptions = {}): Promise<MiniStack> {
  const port = options.port ?? (await freePort());
  const accountId = options.accountId ?? '123456789012';
  const region = 'us-east-1';
  const url = `http://127.0.0.1:${port}`;
  const root = { accessKeyId: 'test', secretAccessKey: 'test' };
  const child = await startServerProcess({
    name: 'MiniStack',
    command: ministackPython(),
    args: [fileURLToPath(new URL('ministack_launcher.py', import.meta.url))],
    env: {
      AUTH: 'true',
      CLOUDTRAIL_RECORDING: '1',
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_ACCOUNT_ID: accountId,
      MINISTACK_REGION: region,
      LOG_LEVEL: 'WARNING',
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1', // or it would leave a folder in the checkout
      AWS_ACCESS_KEY_ID: root.accessKeyId,
      AWS_SECRET_ACCESS_KEY: root.secretAccessKey,
      AWS_SESSION_TOKEN: undefined,
    },
    ready: async () => (await fetch(`${url}/_ministack/health`)).ok,
  });
  return {
    url,
    accountId,
    region,
    root,
    async ageLog(seconds) {
      const response = await fetch(`${url}/_cordon/age-log?seconds=${seconds}`, { method: 'POST' });
      if (!response.ok) throw new Error(`MiniStack refused to age its log: ${response.status}`);
    },
    async reset() {
      const response = await fetch(`${url}/_ministack/reset`, { method: 'POST' });
      if (!response.ok) throw new Error(`MiniStack refused to reset: ${response.status} ${await response.text()}`);
    },
    stop: () => child.stop(),
  };
}

/**
 * Has every call of an AWS client come from another address: CloudTrail records it, and aws:SourceIp is compared with it.
 */
export function callFrom(
  client: { readonly middlewareStack: unknown },
  sourceIpAddress: string,
  userAgent?: string,
): void {
  const stack = client.middlewareStack as IAMClient['middlewareStack'];
  stack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers['x-forwarded-for'] = sourceIpAddress;
      if (userAgent) headers['user-agent'] = userAgent;
      return next(args);
    },
    // Behind the signature: MiniStack does not ask for these headers to be signed.
    { step: 'finalizeRequest', priority: 'low', name: 'callFrom' },
  );
}

/** CORDON_MINISTACK names the `ministack` command of a virtual environment; its Python stands beside it. */
function ministackPython(): string {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'cordon');
  const command = process.env['CORDON_MINISTACK'] ?? join(cache, `ministack-${pins.ministack}`, 'bin', 'ministack');
  const python = join(command, '..', 'python');
  if (isExecutable(python)) return python;
  throw new Error(`MiniStack is not installed: there is no ${python}. Run "npm run setup".`);
}

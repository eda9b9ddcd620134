import { Connection } from '@temporalio/client';

import type { Config } from '../config/schema.ts';
import { resolveSecret } from '../config/secrets.ts';

const WITHIN_MS = 10_000;

/** Asks the Temporal at `address` as the configuration says, all within 10 s of the connection, and closes the connection. */
export async function askTemporal<Answer>(
  address: string,
  { tls, apiKey: reference }: Config['temporal'],
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const apiKey = reference === undefined ? undefined : await resolveSecret(reference);
  const connection = await Connection.connect({
    address,
    tls,
    connectTimeout: WITHIN_MS,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  try {
    return await connection.withDeadline(Date.now() + WITHIN_MS, () => ask(connection));
  } finally {
    await connection.close();
  }
}

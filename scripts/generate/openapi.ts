import manifest from '../../package.json' with { type: 'json' };
import { createLogger } from '../../src/runtime/logger.ts';
import { createServer } from '../../src/server/server.ts';
import { SOURCE_NAMES, type SourceName } from '../../src/sources/names.ts';
import type { AlertStore, Store } from '../../src/store/port.ts';

/** What `GET /openapi.json` answers on a server where every source is configured. Nothing listens, nothing is stored. */
export async function openApi(): Promise<object> {
  const app = await createServer({
    config: {
      sources: forEachSource(() => ({ type: 'bearer', secret: { env: 'UNUSED' } }) as const),
      approvers: [],
      aws: { deleteKeysAfterDays: 30 },
    },
    secrets: { sources: forEachSource((name) => `unused-secret-of-${name}`), approvers: {} },
    // Asked once at the start for alerts that wait; nothing else is asked while no request comes.
    store: unused<Store>('store', { alerts: unused<AlertStore>('alerts', { waiting: async () => [] }) }),
    cases: unused('cases'),
    sweeps: unused('sweeps'),
    gateway: unused('gateway'),
    logger: createLogger({ level: 'silent' }),
    version: manifest.version,
  });
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
  }
}

function forEachSource<Value>(of: (name: SourceName) => Value): Record<SourceName, Value> {
  return Object.fromEntries(SOURCE_NAMES.map((name) => [name, of(name)])) as Record<SourceName, Value>;
}

/** Throws for any part that is asked for beyond `known`. */
function unused<Part extends object>(name: string, known: Partial<Part> = {}): Part {
  return new Proxy(known, {
    get(target, key) {
      if (key in target) return Reflect.get(target, key) as unknown;
      throw new Error(`The description of the API needs no ${name}.${String(key)}.`);
    },
  }) as Part;
}

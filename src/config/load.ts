import { readFile, stat } from 'node:fs/promises';

import { crossFieldFindings } from './checks.ts';
import { parseConfigDocument } from './document.ts';
import type { ConfigProblem } from './problems.ts';
import { ConfigError, formatPath, schemaProblems } from './problems.ts';
import type { Config } from './schema.ts';
import { configSchema } from './schema.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** Null when there is no file and all are defaults. */
  readonly file: string | null;
  readonly warnings: readonly ConfigProblem[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_FILE = 'cordon.yaml';
const MAX_BYTES = 1024 * 1024;

/**
 * The configuration of `path`, else of CORDON_CONFIG, else of `cordon.yaml` in the working directory, else the defaults.
 * Throws `ConfigError` with every problem at once. TEMPORAL_ADDRESS and DATABASE_URL of the environment win. Relative paths in
 * the file are relative to the working directory.
 */
export async function loadConfig(
  path: string | undefined,
  environment: Environment = process.env,
  now = new Date(),
): Promise<LoadedConfig> {
  const named = path ?? (environment['CORDON_CONFIG'] || undefined);
  const file = named ?? DEFAULT_FILE;
  const text = await readConfigFile(file, named === undefined);
  const loaded = text === null ? { config: configSchema.parse({}), warnings: [] } : parseConfig(text, file, now);
  return { ...loaded, config: withEnvironment(loaded.config, environment), file: text === null ? null : file };
}

/** Null when the file may be absent and is. */
async function readConfigFile(file: string, mayBeAbsent: boolean): Promise<string | null> {
  const fail = (message: string) => new ConfigError([{ severity: 'error', file, path: '', message }]);
  try {
    const status = await stat(file);
    if (status.size > MAX_BYTES) throw fail('is larger than 1 MiB; this is not a configuration of Cordon');
    const bytes = await readFile(file);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && mayBeAbsent) return null;
    if (code === 'ENOENT') throw fail('does not exist. Correct --config or CORDON_CONFIG');
    if (code === 'EISDIR') throw fail('is a directory, not a file');
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw fail('is not UTF-8 text');
    throw fail(`can't be read (${code ?? 'unknown error'})`);
  }
}

/** The text of a configuration; `file` is its name in messages. Throws `ConfigError`. */
export function parseConfig(
  text: string,
  file: string,
  now = new Date(),
): { readonly config: Config; readonly warnings: readonly ConfigProblem[] } {
  const document = parseConfigDocument(text);
  if (!('data' in document)) {
    throw new ConfigError(document.map((problem) => ({ severity: 'error', file, path: '', ...problem })));
  }
  const parsed = configSchema.safeParse(document.data);
  const problems = parsed.success ? [] : [...schemaProblems(parsed.error.issues, document, file)];
  const broken = new Set(problems.map(({ path }) => path.split(/[.[]/u)[0] ?? ''));
  const config = parsed.success ? parsed.data : remainder(document.data, broken);
  for (const { path, ...finding } of config ? crossFieldFindings(config, broken, now) : []) {
    problems.push({ ...finding, file, position: document.position(path), path: formatPath(path) });
  }
  problems.sort(byPosition);
  if (!parsed.success || problems.some(({ severity }) => severity === 'error')) throw new ConfigError(problems);
  return { config: parsed.data, warnings: problems };
}

/** What is valid of a broken configuration, so that the cross-field problems of the rest are told in the same go. */
function remainder(data: unknown, broken: ReadonlySet<string>): Config | null {
  if (typeof data !== 'object' || data === null) return null;
  const kept = Object.fromEntries(Object.entries(data).filter(([section]) => !broken.has(section)));
  return configSchema.safeParse(kept).data ?? null;
}

function byPosition(a: ConfigProblem, b: ConfigProblem): number {
  const line = (a.position?.line ?? 0) - (b.position?.line ?? 0);
  return line === 0 ? (a.position?.column ?? 0) - (b.position?.column ?? 0) : line;
}

function withEnvironment(config: Config, environment: Environment): Config {
  const address = environment['TEMPORAL_ADDRESS'];
  return {
    ...config,
    ...(address ? { temporal: { ...config.temporal, address } } : {}),
    ...(environment['DATABASE_URL'] ? { store: { ...config.store, databaseUrl: { env: 'DATABASE_URL' } } } : {}),
  };
}

import type { Command } from 'commander';

import type { LoadedConfig } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import { formatProblem } from '../config/problems.ts';
import { inertJson, note, writeLine } from './terminal.ts';

/** What the global options ask for. */
export interface Context {
  readonly json: boolean;
  readonly configFile: string | undefined;
}

export function contextOf(command: Command): Context {
  const { json, config } = command.optsWithGlobals<{ json?: boolean; config?: string }>();
  return { json: json === true, configFile: config };
}

/** The configuration, its warnings shown. Throws `ConfigError`. */
export async function configOf(context: Context): Promise<LoadedConfig> {
  const loaded = await loadConfig(context.configFile);
  for (const warning of loaded.warnings) note(formatProblem(warning));
  return loaded;
}

/** One answer a command: JSON under `--json`, else text, in which all data was made inert. */
export function print(context: Context, data: unknown, text: () => string): void {
  writeLine(context.json ? inertJson(data) : text());
}

import type { Command } from 'commander';

import { loadConfig } from '../../config/load.ts';
import type { ConfigProblem } from '../../config/problems.ts';
import { ConfigError, formatProblem } from '../../config/problems.ts';
import { contextOf, print } from '../context.ts';
import { EXIT } from '../failures.ts';
import { inert } from '../terminal.ts';

interface Result {
  readonly valid: boolean;
  readonly file: string | null;
  readonly problems: readonly ConfigProblem[];
}

export function registerConfigCheck(config: Command): void {
  config
    .command('check')
    .description('Check a configuration; every problem with its line')
    .argument('[file]', 'default: --config, CORDON_CONFIG, cordon.yaml')
    .addHelpText('after', '\nExample:\n  cordon config check config/cordon.example.yaml')
    .action(async (file: string | undefined, _options: object, command: Command) => {
      const context = contextOf(command);
      const result = await check(file ?? context.configFile);
      if (!result.valid) process.exitCode = EXIT.usage;
      print(context, result, () =>
        [...result.problems.map((one) => inert(formatProblem(one))), summary(result)].join('\n'),
      );
    });
}

async function check(file: string | undefined): Promise<Result> {
  try {
    const loaded = await loadConfig(file);
    return { valid: true, file: loaded.file, problems: loaded.warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { valid: false, file: error.problems[0]?.file ?? null, problems: error.problems };
  }
}

function summary({ valid, file, problems }: Result): string {
  const count = (severity: ConfigProblem['severity']) => problems.filter((one) => one.severity === severity).length;
  const errors = count('error');
  const warnings = count('warning');
  if (!valid) return `Not valid: ${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} warnings.`;
  const what =
    file === null ? 'There is no cordon.yaml here: the defaults apply, and they are valid' : `${inert(file)} is valid`;
  return warnings === 0 ? `${what}.` : `${what}, with ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.`;
}

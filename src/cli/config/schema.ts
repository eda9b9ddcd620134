import type { Command } from 'commander';

import { configJsonSchema } from '../../config/json-schema.ts';
import { inertJson, writeLine } from '../terminal.ts';

export function registerConfigSchema(config: Command): void {
  config
    .command('schema')
    .description('Print the JSON Schema of the configuration, for editors')
    .addHelpText('after', '\nExample:\n  cordon config schema > cordon.schema.json')
    .action(() => writeLine(inertJson(configJsonSchema())));
}

import type { Command } from 'commander';

import { buildProgram } from '../../src/cli/program.ts';
import { code, page } from './markdown.ts';

const WIDTH = 100;

/** The help of every command, as `--help` prints it on a terminal of 100 columns. */
export function cliPage(): string {
  const program = buildProgram();
  return page(
    'Command line',
    'src/cli',
    'From a checkout: `npm run cordon -- COMMAND`, or `node src/cli/main.ts COMMAND` with Node 24.',
    ...commandsOf(program).flatMap((command) => [`## ${nameOf(command)}`, code('text', helpOf(command))]),
  );
}

function commandsOf(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text;
}

#!/usr/bin/env node
import { CommanderError } from 'commander';

import { describeError, EXIT, exitCodeOf } from './failures.ts';
import { buildProgram } from './program.ts';
import { note } from './terminal.ts';

// Who reads the output has read enough (`cordon case list | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

try {
  await buildProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // It has told the person already. A bare `cordon` prints its help and is a usage error; --help and --version are not.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  } else {
    note(describeError(error));
    process.exitCode = exitCodeOf(error);
  }
}

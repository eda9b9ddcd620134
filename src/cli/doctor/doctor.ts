import type { Command } from 'commander';

import { loadConfig } from '../../config/load.ts';
import { contextOf, print } from '../context.ts';
import { EXIT } from '../failures.ts';
import { partOf, withPartOptions, type PartOptions } from '../part.ts';
import { withProgress } from '../progress.ts';
import { colour, inert, table } from '../terminal.ts';
import type { Finding } from './finding.ts';

export function registerDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description(
      'Check every connection, and the permissions that the configured actions need; changes nothing in a cloud',
    );
  withPartOptions(command)
    .addHelpText('after', '\nExamples:\n  cordon doctor --json\n  cordon doctor --only worker')
    .action(async (options: PartOptions, given: Command) => {
      const context = contextOf(given);
      const part = partOf(options);
      const loaded = await loadConfig(context.configFile);
      // With all adapters; the other commands start without them.
      const { examine } = await import('./examine.ts');
      const findings = await withProgress('Checking', examine(loaded, part));
      const failed = findings.some(({ status }) => status === 'failed');
      if (failed) process.exitCode = EXIT.refused;
      print(context, { healthy: !failed, findings }, () => text(findings));
    });
}

const COLOURS = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

function text(findings: readonly Finding[]): string {
  const lines = table(findings.map(({ check, status, detail }) => [status, check, detail])).split('\n');
  return findings
    .flatMap(({ status, remedy }, index) => {
      const line = (lines[index] ?? '').replace(status, colour(COLOURS[status], status));
      return remedy === undefined ? [line] : [line, `         → ${inert(remedy)}`];
    })
    .join('\n');
}

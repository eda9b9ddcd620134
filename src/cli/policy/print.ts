import type { Command } from 'commander';

import { CLOUDS } from '../../domain/cloud.ts';
import { awsProvider } from '../aws.ts';
import { configOf, contextOf } from '../context.ts';
import { UsageError } from '../failures.ts';
import { inertJson, writeLine } from '../terminal.ts';

export function registerPolicyPrint(policy: Command): void {
  policy
    .command('print')
    .description('Print the least-privilege policy for the configured actions')
    .argument('<cloud>', `one of ${CLOUDS.join(', ')}`)
    .option('--account <id>', 'twelve digits (default: the account of the credentials of this process)')
    .option('--self <arn>', 'identity that the policy is for: it is then denied to change itself')
    .addHelpText('after', '\nExample:\n  cordon policy print aws --account 123456789012 > cordon-policy.json')
    .action(async (name: string, options: { account?: string; self?: string }, command: Command) => {
      const cloud = CLOUDS.find((known) => known === name);
      if (cloud === undefined) throw new UsageError(`There is no cloud ${name}; one of ${CLOUDS.join(', ')}.`);
      if (options.account !== undefined && !/^\d{12}$/u.test(options.account)) {
        throw new UsageError('--account must be the twelve digits of an account.');
      }
      const { config } = await configOf(contextOf(command));
      const { leastPrivilegePolicy } = await import('../../providers/aws/policy.ts');
      const account = options.account ?? (await (await awsProvider(config)).self()).accountId;
      writeLine(inertJson(leastPrivilegePolicy(config.aws.actions, account, options.self)));
    });
}

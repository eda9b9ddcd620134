import type { Command } from 'commander';

import { configOf, contextOf } from '../context.ts';
import { UsageError } from '../failures.ts';
import { inert, inertJson, inertLines, note, writeLine } from '../terminal.ts';
import { awsGuardPrinter } from './aws-guard.ts';
import { awsPolicyPrinter } from './aws.ts';
import { azurePolicyPrinter } from './azure.ts';
import { gcpPolicyPrinter } from './gcp.ts';
import type { PolicyOptions, PolicyPrinter } from './printer.ts';
import { FORMATS } from './printer.ts';

/** A policy for each cloud, and the guard, which is not for Cordon but for everyone else. */
export const POLICY_PRINTERS: Readonly<Record<string, PolicyPrinter>> = {
  aws: awsPolicyPrinter,
  azure: azurePolicyPrinter,
  gcp: gcpPolicyPrinter,
  'aws-guard': awsGuardPrinter,
};
const NAMES = Object.keys(POLICY_PRINTERS).join(', ');

const FLAGS: Readonly<Record<keyof PolicyOptions, string>> = {
  account: '--account',
  self: '--self',
  allow: '--allow',
  projectRole: '--project-role',
};

export function registerPolicyPrint(policy: Command): void {
  policy
    .command('print')
    .description(
      'Print the least-privilege policy for the configured actions of a cloud, or a guard for its quarantines',
    )
    .argument('<policy>', `one of ${NAMES}`)
    .option(
      '--format <format>',
      `${FORMATS.join(', ')}, where that is the custom (default: json); Terraform as .tf.json`,
    )
    .option(
      '--account <id>',
      'aws: twelve digits (default: the account of --self, else of the credentials of this process); of `aws.accounts` its role is printed, which trusts --self',
    )
    .option(
      '--self <id>',
      'who the policy is for: ARN, object id or service account; in AWS it is then denied to change itself',
    )
    .option(
      '--allow <arn...>',
      'aws-guard: roles of administrators and of infrastructure as code, which go on managing users and roles; * stands for any text',
    )
    .option('--project-role', 'gcp: a role of each project, where there is no organisation')
    .addHelpText(
      'after',
      '\nExamples:\n  cordon policy print aws --self arn:aws:iam::123456789012:role/cordon > cordon-policy.json\n' +
        '  cordon policy print azure --format terraform > cordon.tf.json\n' +
        '  cordon policy print aws-guard --self arn:aws:iam::*:role/cordon --allow arn:aws:iam::*:role/admin > cordon-guard.json',
    )
    .action(async (name: string, options: PolicyOptions & { readonly format?: string }, command: Command) => {
      const printer = Object.hasOwn(POLICY_PRINTERS, name) ? POLICY_PRINTERS[name] : undefined;
      if (printer === undefined) throw new UsageError(`There is no policy ${name}; one of ${NAMES}.`);
      const { format: asked = 'json', ...rest } = options;
      const format = printer.formats.find((known) => known === asked);
      if (format === undefined)
        throw new UsageError(`${name} is not printed as ${asked}; its formats are ${printer.formats.join(', ')}.`);
      for (const option of Object.keys(rest) as (keyof PolicyOptions)[])
        if (!printer.options.includes(option)) throw new UsageError(`${FLAGS[option]} says nothing about ${name}.`);
      const { config } = await configOf(contextOf(command));
      const { document, notes } = await printer.print(config, format, rest);
      writeLine(typeof document === 'string' ? inertLines(document) : inertJson(document));
      for (const line of notes) note(inert(line));
    });
}

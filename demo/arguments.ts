import { parseArgs } from 'node:util';

import { canAsk } from '../src/cli/case/confirm.ts';
import { CLOUDS, type Cloud } from '../src/domain/cloud.ts';

export const HELP = `Usage: npm run demo -- [--cloud aws|azure|gcp|all] [--yes] [--report FILE] [--keep]

Contains a leaked credential from end to end on this machine: an attacker uses it, a detection finds that, Cordon asks in
Slack, contains, proves it by the attacker's own credentials, and puts everything back. No cloud, no Slack account.

  --cloud CLOUD  aws: an access key of a user (the default); azure: a secret of a service principal; gcp: a key of a
                 service account; all: the three, one after the other
  --yes          approve without asking; the click in Slack is made all the same
  --report FILE  write a report as JSON
  --keep         leave everything running at the end, with its addresses, until Ctrl-C
  --help         this text

Exit status: 0 everything held, 1 something did not (or you did not approve), 2 usage.
`;

const options = {
  cloud: { type: 'string', default: 'aws' },
  yes: { type: 'boolean', default: false },
  report: { type: 'string' },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

export type Arguments = ReturnType<typeof readArguments>;

/** Throws for an option that there is not. */
export function readArguments() {
  return parseArgs({ options, allowPositionals: false }).values;
}

export function cloudsOf({ cloud }: Arguments): readonly Cloud[] {
  return CLOUDS.filter((one) => cloud === 'all' || cloud === one);
}

export function usageProblem(given: Arguments | undefined): string | undefined {
  if (given === undefined) return HELP;
  if (cloudsOf(given).length === 0)
    return `There is no cloud ${given.cloud}; it is one of ${CLOUDS.join(', ')}, or all.\n`;
  if (!given.yes && !given.help && !canAsk()) {
    return 'This is not a terminal, so nobody can be asked to approve. With --yes the demo approves by itself.\n';
  }
  return undefined;
}

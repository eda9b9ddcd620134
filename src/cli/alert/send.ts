import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { z } from 'zod';

import { SOURCE_NAMES } from '../../sources/names.ts';
import { call, serverUrl } from '../client.ts';
import type { Context } from '../context.ts';
import { configOf, contextOf, print } from '../context.ts';
import { UsageError } from '../failures.ts';
import { table } from '../terminal.ts';
import { authenticate } from './sign.ts';

const accepted = z.object({
  alerts: z.array(z.object({ alertId: z.string(), workflowId: z.string(), status: z.enum(['accepted', 'duplicate']) })),
});

export function registerAlertSend(alert: Command): void {
  alert
    .command('send')
    .description('Send an alert to the server, signed as its source')
    .argument('<file>', 'JSON as the source sends it; - for standard input')
    .requiredOption('--source <name>', `one of ${SOURCE_NAMES.join(', ')}`)
    .option('--url <url>', 'address of the server (default: CORDON_URL, else the configuration)')
    .addHelpText('after', '\nExample:\n  cordon alert send finding.json --source guardduty')
    .action(async (file: string, options: { source: string; url?: string }, command: Command) => {
      await sendAlert(contextOf(command), file, options);
    });
}

async function sendAlert(context: Context, file: string, options: { source: string; url?: string }): Promise<void> {
  const source = SOURCE_NAMES.find((name) => name === options.source);
  if (!source) throw new UsageError(`There is no source ${options.source}; one of ${SOURCE_NAMES.join(', ')}.`);
  const { config } = await configOf(context);
  const authentication = config.sources[source];
  if (!authentication) {
    throw new UsageError(
      `The configuration has no sources.${source}: the server would refuse it, and there is no secret to sign with.`,
    );
  }
  const body = await readBody(file);
  const server = await serverUrl(context, options.url);
  const answer = await call(server, `v1/alerts/${source}`, accepted, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(await authenticate(authentication, body)) },
    body,
  });
  print(context, answer, () =>
    table(
      answer.alerts.map(({ alertId, workflowId, status }) => [alertId, workflowId, status]),
      ['ALERT', 'WORKFLOW', 'STATUS'],
    ),
  );
}

async function readBody(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return Uint8Array.from(file === '-' ? await buffer(process.stdin) : await readFile(file));
  } catch (error) {
    throw new UsageError(`${file} can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`);
  }
}

import * as cloudtrail from '@aws-sdk/client-cloudtrail';
import * as iam from '@aws-sdk/client-iam';
import * as secrets from '@aws-sdk/client-secrets-manager';
import * as sts from '@aws-sdk/client-sts';

import type { AwsClients } from '../../src/providers/aws/clients.ts';
import { far, inSequence, type CloudCall } from '../cloud-calls.ts';

type Input = Readonly<Record<string, unknown>>;
interface Sender {
  send(command: object): Promise<unknown>;
}

const MODULES: Readonly<Record<string, object>> = { cloudtrail, iam, secrets, sts };

/**
 * The calls of a recording again, in the same order, those at once that were at once, and nothing around them: no approval, no
 * ledger, no budget. `rename` makes them about another user of the same make.
 */
export async function runScript(
  recording: readonly CloudCall[],
  clients: AwsClients,
  rename: (text: string) => string,
  distanceMs: number,
): Promise<number> {
  const { iam: iamClient, sts: stsClient, secrets: secretsClient } = clients;
  const senders: Readonly<Record<string, unknown>> = { iam: iamClient, sts: stsClient, secrets: secretsClient };
  const steps = inSequence(recording).map((group) =>
    group.map(({ service, command, input, refused }) => {
      const sender = (senders[service] ?? [...clients.cloudtrail.values()][0]) as Sender;
      const again = JSON.parse(rename(JSON.stringify(input))) as Input;
      return { sender, command: commandOf(service, command, again), name: command, refused };
    }),
  );
  const startMs = performance.now();
  for (const step of steps) {
    await Promise.all(
      step.map(async ({ sender, command, name, refused }) => {
        await far(distanceMs);
        const answer = await sender.send(command).then(() => 'taken', String);
        if ((answer === 'taken') === refused) throw new Error(`The bare ${name} came to another end: ${answer}`);
      }),
    );
  }
  return performance.now() - startMs;
}

function commandOf(service: string, name: string, input: Input): object {
  const Command = (MODULES[service] as Readonly<Record<string, new (input: Input) => object>>)[name];
  if (!Command) throw new Error(`The SDK has no ${name}.`);
  return new Command(input);
}

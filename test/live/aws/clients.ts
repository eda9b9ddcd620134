import type { IAMClient } from '@aws-sdk/client-iam';

import type { PlannedCall } from '../../../src/domain/plan.ts';
import type { AwsClients } from '../../../src/providers/aws/clients.ts';
import type { FaultOffTheWire } from '../../contracts/providers/action.contract.ts';
import type { Ownership } from '../ownership.ts';

const READ = /^(?:Get|List|Describe|Simulate|Lookup)/u;
/** What a call changes, wherever its input names it. */
const NAMING = ['UserName', 'RoleName', 'PolicyArn', 'RoleArn', 'SecretId', 'Name'] as const;

/** What the SDK throws when the far side answers so. */
const THROWN: Readonly<Record<Exclude<FaultOffTheWire, 'lost'>, { readonly name: string; readonly status: number }>> = {
  throttled: { name: 'Throttling', status: 400 },
  unavailable: { name: 'ServiceUnavailable', status: 503 },
  denied: { name: 'AccessDenied', status: 403 },
  conflict: { name: 'ConcurrentModification', status: 409 },
  gone: { name: 'NoSuchEntity', status: 404 },
  cut: { name: 'TimeoutError', status: 0 },
};

export interface Watched {
  readonly calls: PlannedCall[];
  fault: FaultOffTheWire | null;
}

/** Before everything else, so that nothing that is not the run's gets as far as being signed. */
export function guard(clients: AwsClients, ownership: Ownership): void {
  for (const [, { middlewareStack }] of everyClient(clients)) {
    middlewareStack.add(
      (next, context) => (args) => {
        const operation = operationOf(context);
        if (!READ.test(operation)) ownership.require(operation, changedBy(operation, args.input));
        return next(args);
      },
      { step: 'initialize', priority: 'high', name: 'onlyOurs' },
    );
  }
}

export function changedBy(operation: string, input: object): readonly (string | undefined)[] {
  const named = operation === 'CreatePolicy' ? ['PolicyName'] : NAMING;
  return named.flatMap((key) => (key in input ? [String((input as Record<string, unknown>)[key])] : []));
}

/** Records Cordon's calls, and breaks its writes where the network would. */
export function watch(clients: AwsClients): Watched {
  const watched: Watched = { calls: [], fault: null };
  for (const [service, { middlewareStack }] of everyClient(clients)) {
    middlewareStack.add(
      (next, context) => (args) => {
        const parameters = structuredClone(args.input) as PlannedCall['parameters'];
        watched.calls.push({ service, operation: operationOf(context), parameters });
        return next(args);
      },
      { step: 'initialize', priority: 'low', name: 'record' },
    );
    middlewareStack.add(
      (next, context) => (args) =>
        watched.fault && !READ.test(operationOf(context)) ? broken(watched.fault, () => next(args)) : next(args),
      // Inside the retries.
      { step: 'finalizeRequest', priority: 'low', name: 'fault' },
    );
  }
  return watched;
}

async function broken(fault: FaultOffTheWire, proceed: () => Promise<unknown>): Promise<never> {
  if (fault === 'lost') await proceed();
  const { name, status } = THROWN[fault === 'lost' ? 'cut' : fault];
  const answer = status === 0 ? {} : { $fault: 'client', $metadata: { httpStatusCode: status } };
  throw Object.assign(new Error('Broken by the test.'), { name, ...answer });
}

function operationOf(context: object): string {
  return ((context as { readonly commandName?: string }).commandName ?? '').replace(/Command$/u, '');
}

function everyClient(clients: AwsClients) {
  return [
    ['iam', clients.iam],
    ['iam', clients.creating.iam],
    ['sts', clients.sts],
    ['secretsmanager', clients.secrets],
    ['secretsmanager', clients.creating.secrets],
    // The stacks of all clients are alike in what is used of them here.
  ] as unknown as readonly (readonly [string, Pick<IAMClient, 'middlewareStack'>])[];
}

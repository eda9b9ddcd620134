import type { AwsClients } from '../src/providers/aws/clients.ts';

/** One call of the SDK, its retries included. Times in milliseconds of the process's clock. */
export interface CloudCall {
  readonly service: string;
  /** The class of the SDK, for example `PutUserPolicyCommand`. */
  readonly command: string;
  readonly input: object;
  readonly startMs: number;
  endMs: number;
  refused: boolean;
}

const READS = /^(?:Get|List|Describe|Simulate|Lookup)/u;

export function isWrite({ command }: CloudCall): boolean {
  return !READS.test(command);
}

interface Stack {
  add(
    wrap: (
      next: (args: { readonly input: object }) => Promise<unknown>,
      context: { readonly commandName?: string },
    ) => (args: { readonly input: object }) => Promise<unknown>,
    options: { readonly step: 'initialize'; readonly priority: 'low'; readonly name: string },
  ): void;
}

/** Every call of these clients from here on, `distanceMs` farther away than the emulator is. */
export function recordCalls(clients: AwsClients, distanceMs: () => number = () => 0): CloudCall[] {
  const calls: CloudCall[] = [];
  const all = [
    ['iam', clients.iam],
    ['iam', clients.creating.iam],
    ['sts', clients.sts],
    ['secrets', clients.secrets],
    ['secrets', clients.creating.secrets],
    ...[...clients.cloudtrail.values()].map((client) => ['cloudtrail', client] as const),
  ] as const;
  for (const [service, client] of all) {
    const stack = client.middlewareStack as unknown as Stack;
    const wrap: Parameters<Stack['add']>[0] = (next, context) => async (args) => {
      const command = context.commandName ?? 'unknown';
      const call = { service, command, input: args.input, startMs: performance.now(), endMs: Infinity, refused: false };
      calls.push(call);
      try {
        await far(distanceMs());
        return await next(args);
      } catch (error) {
        call.refused = true;
        throw error;
      } finally {
        call.endMs = performance.now();
      }
    };
    stack.add(wrap, { step: 'initialize', priority: 'low', name: 'benchRecording' });
  }
  return calls;
}

export function far(milliseconds: number): Promise<void> {
  return milliseconds > 0 ? new Promise((resolve) => setTimeout(resolve, milliseconds)) : Promise.resolve();
}

/** What was under way together, in the order of the starts; as many as there were round trips one after the other. */
export function inSequence(calls: readonly CloudCall[]): readonly (readonly CloudCall[])[] {
  const groups: CloudCall[][] = [];
  let firstEndMs = -Infinity;
  for (const call of calls.toSorted((a, b) => a.startMs - b.startMs)) {
    const group = groups.at(-1);
    if (group && call.startMs < firstEndMs) {
      group.push(call);
      firstEndMs = Math.min(firstEndMs, call.endMs);
    } else {
      groups.push([call]);
      firstEndMs = call.endMs;
    }
  }
  return groups;
}

/** The most that began within any one second. */
export function mostInASecond(calls: readonly CloudCall[]): number {
  const starts = calls.map(({ startMs }) => startMs).toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [index, start] of starts.entries()) {
    while (start - (starts[first] ?? start) >= 1000) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

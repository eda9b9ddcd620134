import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';

interface Activities {
  echo(text: string): Promise<string>;
  fail(text: string): Promise<void>;
}

const options = { startToCloseTimeout: '10 s', retry: { maximumAttempts: 2, initialInterval: '10 ms' } } as const;
const { echo, fail } = proxyActivities<Activities>(options);
const local = proxyLocalActivities<Activities>(options);

export const finish = defineSignal<[string]>('finish');
export const ask = defineQuery<string, [string]>('ask');
export const change = defineUpdate<string, [string]>('change');

/** Takes a secret through every kind of payload that a workflow has, and ends with an error that holds it. */
export async function carryCanary(secret: string, continued = false): Promise<string> {
  if (!continued) return continueAsNew<typeof carryCanary>(secret, true);
  let finished: string | undefined;
  setHandler(finish, (text) => void (finished = text));
  setHandler(ask, (text) => {
    if (text === 'fail') throw new Error(secret);
    return secret + text;
  });
  setHandler(
    change,
    async (text) => {
      if (text === 'fail') throw ApplicationFailure.nonRetryable(secret, 'Refused', { secret });
      return echo(secret + text);
    },
    {
      validator: (text) => {
        if (text === 'reject') throw new Error(secret);
      },
    },
  );
  setCurrentDetails(secret);
  upsertMemo({ secret });
  await local.echo(secret);
  await echo.executeWithOptions({ ...options, summary: secret }, [secret]);
  await executeChild(carryInChild, { args: [secret] });
  await condition(() => finished !== undefined);
  try {
    await fail(secret);
  } catch (error) {
    throw ApplicationFailure.create({
      message: `${secret} ${workflowInfo().workflowId}`,
      details: [secret],
      cause: error as Error,
    });
  }
  return secret;
}

export async function carryInChild(secret: string): Promise<string> {
  return secret;
}

import type { Call, Recording } from './bare/activities.ts';

const RECORDED = ['identifyPrincipal', 'gatherActivity', 'gatherCredentials', 'recordVerdict'] as const;

export interface Recorder {
  /** The same activities; the first call of each is noted while recording. */
  readonly wrap: (activities: object) => object;
  readonly calls: Map<string, Call>;
  stop(): void;
}

/** Notes what a real run passes to its activities and gets from them. */
export function recorder(): Recorder {
  const calls = new Map<string, Call>();
  let recording = true;
  const noting = (name: string, activity: (input: unknown) => Promise<unknown>) => async (input: unknown) => {
    const result = await activity(input);
    if (recording) calls.set(name, { input, result });
    return result;
  };
  return {
    calls,
    wrap: (activities) =>
      Object.fromEntries(Object.entries(activities).map(([name, activity]) => [name, noting(name, activity as never)])),
    stop: () => void (recording = false),
  };
}

/** Throws when the run did not call what the bare workflow imitates: then the two could not be compared. */
export async function recordOne(recording: Recorder, run: () => Promise<void>): Promise<Recording> {
  await run();
  recording.stop();
  const { calls } = recording;
  const names = [...calls.keys()].toSorted();
  if (names.join() !== RECORDED.toSorted().join()) {
    throw new Error(`respondToAlert now calls ${names.join(', ')}: change bench/bare/workflow.ts to the same graph.`);
  }
  return Object.fromEntries(calls) as unknown as Recording;
}

import { afterAll, beforeAll, expect, it } from 'vitest';

import { startSuspectedGcp } from './gcp-suspects.ts';
import { FULL, killInEveryCall, MOST_SUSPECTS } from './kill-in-plan.ts';
import type { SuspectedCloud } from './suspected-cloud.ts';

// Every case reads the policies of all projects, and each suspect has one: by default there is one small wave.
const [SUSPECTS, WHERE] = FULL
  ? [MOST_SUSPECTS, 'every call']
  : [12, 'each write, once it has taken effect (CORDON_FULL_SWEEP=1: in every call)'];

let cloud: SuspectedCloud;
beforeAll(async () => void (cloud = await startSuspectedGcp(SUSPECTS)));
afterAll(() => cloud?.stop());

it(
  `a worker that is killed amid a plan in Google Cloud, in ${WHERE}, leaves what it would have left undisturbed, or says that it did not`,
  { timeout: 900_000 },
  async ({ annotate }) => {
    const { ends, wrongs } = await killInEveryCall(cloud, ({ write, effect }) => FULL || (write && effect));
    await annotate(`Killed in ${ends.length} calls\n${ends.toSorted().join('\n')}`);
    expect(wrongs).toEqual([]);
    expect(ends.length).toBeGreaterThanOrEqual(5);
  },
);

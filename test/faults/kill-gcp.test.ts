import { afterAll, beforeAll, expect, it } from 'vitest';

import { startSuspectedGcp } from './gcp-suspects.ts';
import { FULL, killInEveryCall, MOST_SUSPECTS, SWEPT } from './kill-in-plan.ts';
import type { SuspectedCloud } from './suspected-cloud.ts';

let cloud: SuspectedCloud;
beforeAll(async () => void (cloud = await startSuspectedGcp(MOST_SUSPECTS)));
afterAll(() => cloud?.stop());

// Minutes, because every case reads the policies of all projects; in Azure, which has none such, the same is swept by default.
it.runIf(FULL)(
  `a worker that is killed amid a plan in Google Cloud, in ${SWEPT}, leaves what it would have left undisturbed, or says that it did not`,
  { timeout: 900_000 },
  async ({ annotate }) => {
    const { ends, wrongs } = await killInEveryCall(cloud);
    await annotate(`Killed in ${ends.length} calls\n${ends.toSorted().join('\n')}`);
    expect(wrongs).toEqual([]);
  },
);

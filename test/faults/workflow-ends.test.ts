import { afterAll, beforeAll, expect, it } from 'vitest';

import { endFromOutside, ENDINGS, look } from './ended-cases.ts';
import { ACTIONS, FULL, holdCases, holdPoints, recordUndisturbed, SHORT_WATCH, SWEPT, titleOf } from './held-cases.ts';
import { type KillableCordon, startKillableCordon } from './killable-cordon.ts';

/** Cases at once; not all are in a call, and a worker runs 20 activities at once. */
const AT_ONCE = 24;

let cordon: KillableCordon;
beforeAll(async () => {
  cordon = await startKillableCordon();
  await cordon.startWorker(ACTIONS, SHORT_WATCH);
});
afterAll(() => cordon?.stop());

it(
  `a case that is cancelled, terminated or reset in ${SWEPT} leaves a true record, and nothing that the ledger does not know`,
  { timeout: 3_600_000 },
  async ({ annotate }) => {
    const points = holdPoints(await recordUndisturbed(cordon)).filter(({ state }) => state !== 'approving');
    const all = points.flatMap((point, which) =>
      ENDINGS.filter((_, index) => FULL || index === 0 || (which + index) % 3 === 0).map((ending) => ({
        ...point,
        ending,
      })),
    );
    const ends: string[] = [];
    const wrongs: string[] = [];
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const { cases, release } = await holdCases(cordon, all.slice(from, from + AT_ONCE));
      for (const held of cases) await endFromOutside(cordon, held, held.point.ending);
      release();
      const looked = cases.map(async (held) => {
        const title = `${held.point.ending}: ${titleOf(held.point)}`;
        return { title, ...(await look(cordon, held, held.point.ending)) };
      });
      for (const { title, end, wrong } of await Promise.all(looked)) {
        ends.push(`${title}: ${end}`);
        wrongs.push(...wrong.map((each) => `${title}: ${each} (${end})`));
      }
    }
    await annotate(`Ended from outside in ${ends.length} points\n${ends.join('\n')}`);
    expect(wrongs).toEqual([]);
    expect((await cordon.store.ledger.verify()).status).toBe('intact');
  },
);

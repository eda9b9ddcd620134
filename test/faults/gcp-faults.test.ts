import { afterAll, beforeAll, expect, it } from 'vitest';

import { failEveryCall } from './faults-in-plan.ts';
import { startSuspectedGcp } from './gcp-suspects.ts';
import { openOffice, type Office } from './suspect.ts';

let office: Office;
beforeAll(async () => void (office = await openOffice()));
afterAll(() => office?.close());

it(
  'a plan in Google Cloud whose calls fail, each in each way, never ends in a lie, an unrecorded change or one made twice',
  { timeout: 900_000 },
  async ({ annotate }) => {
    const { tried, wrongs } = await failEveryCall(() => startSuspectedGcp(1), office);
    await annotate(`${tried} faults`);
    expect(wrongs).toEqual([]);
  },
);

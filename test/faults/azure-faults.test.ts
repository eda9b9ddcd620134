import { afterAll, beforeAll, expect, it } from 'vitest';

import { failEveryCall } from './faults-in-plan.ts';
import { startSuspectedAzure } from './azure-suspects.ts';
import { openOffice, type Office } from './suspect.ts';

let office: Office;
beforeAll(async () => void (office = await openOffice()));
afterAll(() => office?.close());

it(
  'a plan in Azure whose calls fail, each in each way, never ends in a lie, an unrecorded change or one made twice',
  { timeout: 900_000 },
  async ({ annotate }) => {
    const { tried, wrongs } = await failEveryCall(startSuspectedAzure, office);
    await annotate(`${tried} faults`);
    expect(wrongs).toEqual([]);
  },
);

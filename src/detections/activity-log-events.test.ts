import { expect, test } from 'vitest';

import { readActivityLog } from './activity-log-events.ts';
import { activity } from './testing/events.ts';

const window = { from: new Date('2026-11-18T11:00:00Z'), to: new Date('2026-11-18T12:00:00Z') };
const HERE = 'https://management.azure.com';

/** Answers the pages one after the other, and notes what was asked. */
function log(...pages: readonly unknown[]) {
  const asked: string[] = [];
  const get = async (path: string) => pages[asked.push(path) - 1];
  return { asked, get };
}

const page = (ids: readonly string[], nextLink?: string) => ({
  value: ids.map((eventDataId) => activity({ eventDataId })),
  ...(nextLink === undefined ? {} : { nextLink }),
});

test('reads every page of the window, each event once, names in lower case', async () => {
  const first = {
    value: [
      activity({
        eventDataId: 'a',
        operationName: { value: 'Microsoft.Compute/virtualMachines/read', localizedValue: 'List' },
        subscriptionId: '9F1B7C3E-0000-4000-8000-0000000000BB',
      }),
    ],
    nextLink: `${HERE}/next?$skipToken=2`,
  };
  const { asked, get } = log(first, page(['a', 'b']));
  const { events, truncated } = await readActivityLog(get, 'sub', window);
  expect(truncated).toBe(false);
  expect(events).toMatchObject([
    { eventDataId: 'a', subscriptionId: '9f1b7c3e-0000-4000-8000-0000000000bb' },
    { eventDataId: 'b', operationName: { value: 'microsoft.compute/virtualmachines/read' } },
  ]);
  expect(asked[0]).toBe(
    '/subscriptions/sub/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=' +
      encodeURIComponent(
        "eventTimestamp ge '2026-11-18T11:00:00.000Z' and eventTimestamp le '2026-11-18T12:00:00.000Z'",
      ),
  );
  expect(asked[1]).toBe('/next?$skipToken=2');
});

test('never follows a link to another host', async () => {
  const { asked, get } = log(page(['a'], 'https://elsewhere.example/steal?token'), page(['b']));
  await readActivityLog(get, 'sub', window);
  expect(asked[1]).toBe('/steal?token');
});

test('says so when the budget of pages ends before the log', async () => {
  const { get } = log(page(['a'], `${HERE}/2`), page(['b'], `${HERE}/3`));
  expect(await readActivityLog(get, 'sub', window, 2)).toMatchObject({
    events: [{ eventDataId: 'a' }, { eventDataId: 'b' }],
    truncated: true,
  });
});

test.each([
  ['a page', undefined, /A page of the activity log lacks/u],
  ['an event', { value: [activity(), {}] }, /An event of the activity log lacks .*eventDataId/su],
  ['a time', { value: [activity({ eventTimestamp: 'soon' })] }, /eventTimestamp/u],
])('%s that can not be read is an error, never skipped', async (_, answer, message) => {
  await expect(readActivityLog(log(answer).get, 'sub', window)).rejects.toThrow(message);
});

import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

import type { BareActivities, BareInput } from './activities.ts';

const { identify, readOne, readOther } = proxyActivities<Omit<BareActivities, 'record'>>({
  taskQueue: 'bare-reads',
  startToCloseTimeout: '60s',
});
const { record } = proxyLocalActivities<Pick<BareActivities, 'record'>>({ startToCloseTimeout: '5s' });

/** As long as an id of an alert. */
const ID_CHARACTERS = 35;

/** The graph of respondToAlert to its verdict and nothing else: one activity, two at once, one local one. */
export async function bare({ id, recordBytes }: BareInput): Promise<string> {
  const { subject, around, before } = await identify({ alertId: id.padEnd(ID_CHARACTERS, '.') });
  await Promise.all([readOne({ principal: subject, around, before }), readOther({ principal: subject })]);
  await record('.'.repeat(recordBytes));
  return 'suppress';
}

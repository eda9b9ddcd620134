import { isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';

import type { UnreadCloud } from '../src/contracts/activities.ts';
import type { Cloud } from '../src/domain/cloud.ts';
import { CLOUDS } from '../src/domain/cloud.ts';
import type { MarkReading, Orphan, OrphanReport } from '../src/domain/orphan.ts';
import { comparing, marks, told } from './activities.ts';
import { tell } from './approval.ts';
import { failureText } from './failures.ts';

/** So many fit into one message whole, remedies included. */
const IN_A_NOTICE = 3;
const MOST_NOTICES = 10;

/**
 * Looks for what nobody looks after any more, in the clouds, the ledger and the store. Removes nothing: people are told, once of each
 * finding. Those that are too many for this time are told of by the next sweep.
 */
export async function sweepOrphans(): Promise<OrphanReport> {
  const read = await Promise.all(CLOUDS.map(readMarks));
  const report = await compare(read);
  const untold = report.orphans.filter(({ key }) => report.untold.includes(key));
  setCurrentDetails(`${report.orphans.length} orphans, ${untold.length} of them new`);
  for (let notice = 0; notice < MOST_NOTICES && notice * IN_A_NOTICE < untold.length; notice += 1) {
    const next = untold.slice(notice * IN_A_NOTICE, (notice + 1) * IN_A_NOTICE);
    await tellOf(next, untold.length);
    // After the telling: at worst people hear of it twice.
    await told.recordOrphans.executeWithOptions({ summary: 'Record what was told' }, [{ orphans: next }]);
  }
  return report;
}

interface Read {
  readonly readings: readonly MarkReading[];
  readonly unread: readonly UnreadCloud[];
}

/** Without store or Temporal's own answers nothing is known; that is told like anything that is found. */
async function compare(read: readonly Read[]): Promise<OrphanReport> {
  const input = { readings: read.flatMap(({ readings }) => readings), unread: read.flatMap(({ unread }) => unread) };
  try {
    return await comparing.findOrphans.executeWithOptions({ summary: 'What does nobody look after?' }, [input]);
  } catch (error) {
    if (isCancellation(error)) throw error;
    await tell({
      key: `orphans:failed:${workflowInfo().workflowId}`,
      urgency: 'page',
      title: 'The orphan sweep failed',
      lines: [
        failureText(error),
        'Whether something is left that nobody looks after is not known. Again: cordon orphans',
      ],
    });
    throw error;
  }
}

/** A cloud that does not answer is a finding, never a clean one. */
async function readMarks(cloud: Cloud): Promise<Read> {
  try {
    const summary = `What carries our mark in ${cloud}?`;
    return { readings: await marks.readMarks.executeWithOptions({ summary }, [{ cloud }]), unread: [] };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { readings: [], unread: [{ cloud, reason: failureText(error) }] };
  }
}

async function tellOf(orphans: readonly Orphan[], all: number): Promise<void> {
  const [first] = orphans;
  if (!first) return;
  await tell({
    key: `orphans:${first.key}:${orphans.length}`,
    urgency: 'page',
    title: all === 1 ? 'Found by the orphan sweep' : `Found by the orphan sweep: ${all} things that nobody looks after`,
    lines: [
      ...orphans.flatMap(({ name, why, remedy }) => [`${name}: ${why}`, `→ ${remedy}`]),
      'Cordon removed nothing. All of them: cordon orphans',
    ],
  });
}

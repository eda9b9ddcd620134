import { END_STATES } from '../domain/case.ts';
import { continued, type ReceivedAlert } from '../sources/index.ts';
import type { AcceptedAlert, CaseRecord, Store } from '../store/port.ts';

type Records = Pick<Store, 'alerts' | 'cases'>;

/**
 * Of a finding that comes again while it goes on: the alert that this is. While the earlier one is not settled, that one; once it is,
 * what happened since is looked at by nobody, and is an alert of its own. How often that can be is up to the detector, which sends
 * a finding again only with newer activity.
 */
export async function presentOf(received: ReceivedAlert, records: Records): Promise<ReceivedAlert> {
  let present = received;
  for (let count = 2; ; count += 1) {
    const known = await records.alerts.get(present.alert.alertId);
    const since = known && (await settledAt(known, records));
    if (!known || since === null) return present;
    const newest = Date.parse(received.alert.lastSeen);
    if (newest <= Date.parse(since) || newest <= Date.parse(known.alert.lastSeen)) return present;
    present = continued(received, count, since);
  }
}

/** ISO 8601: up to when its verdict or its case has looked; null while they still do. */
async function settledAt({ verdict, caseId, receivedAt }: AcceptedAlert, { cases }: Records): Promise<string | null> {
  if (verdict === undefined) return null;
  if (verdict !== 'contain') return receivedAt;
  const record = caseId === undefined ? null : await cases.get(caseId);
  return record && END_STATES.includes(record.state) ? endedAt(record) : null;
}

/** Not by `updatedAt`: a deletion of keys adds lines to a case that has long ended. */
function endedAt({ state, timeline, updatedAt }: CaseRecord): string {
  const end = timeline.findLastIndex((entry) => entry.state !== state) + 1;
  return timeline[end]?.at ?? updatedAt;
}

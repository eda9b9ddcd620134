import type { Alert } from '../domain/alert.ts';
import type { ActivityFacts, Gathered } from '../domain/evidence.ts';
import { counted } from './wording.ts';

/**
 * How far the log can be believed. `complete`: it shows all that the alert claims, uncut. `partial`: what it shows counts against
 * the identity, what it doesn't show says nothing. `nothing`: no answer at all.
 */
export type Observation =
  | { readonly extent: 'complete'; readonly facts: ActivityFacts }
  | { readonly extent: 'partial'; readonly facts: ActivityFacts; readonly reason: string }
  | { readonly extent: 'nothing'; readonly reason: string };

/** An alert means calls were made: a log without them is late (CloudTrail by minutes), never a sign of innocence. */
export function observe(alert: Alert, activity: Gathered<ActivityFacts>): Observation {
  if (activity.status === 'unknown') return { extent: 'nothing', reason: activity.reason };
  const { facts } = activity;
  const { around } = facts;
  if (around.calls === 0)
    return { extent: 'nothing', reason: 'The log shows no call of this identity yet; it can be minutes late.' };
  if (around.truncated)
    return { extent: 'partial', reason: 'The log was cut short: there are more calls than were read.', facts };
  const claim = alert.discovery;
  if (claim && (around.calls < claim.discoveryCount || around.apis.length < claim.distinctApis))
    return {
      extent: 'partial',
      reason: `The log shows ${counted(around.calls, 'call')} to ${counted(around.apis.length, 'API')} so far, the alert claims ${claim.discoveryCount} to ${claim.distinctApis}.`,
      facts,
    };
  return { extent: 'complete', facts };
}

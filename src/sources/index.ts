import { alertIdOf } from '../contracts/ids.ts';
import type { Alert } from '../domain/alert.ts';
import { refuseDeep } from './depth.ts';
import { generic } from './generic/source.ts';
import { guardduty } from './guardduty/source.ts';
import type { SourceName } from './names.ts';
import type { Source } from './port.ts';

export const SOURCES = { generic, guardduty } as const satisfies { [Name in SourceName]: Source<Name> };

export interface ReceivedAlert {
  readonly alert: Alert;
  /** Unique for ever within the source: the alert's own id there. */
  readonly dedupKey: string;
  /** JSON of the finding that it was made of. */
  readonly raw: string;
}

/** The alert that a finding is once more, for what happened since (ISO 8601) the one before it was settled. `count`: from 2. */
export function continued({ alert, raw }: ReceivedAlert, count: number, since: string): ReceivedAlert {
  const dedupKey = `${alert.sourceAlertId}#${count}`;
  const alertId = alertIdOf(alert.source, dedupKey);
  return { alert: { ...alert, alertId, sourceAlertId: dedupKey, firstSeen: since }, raw, dedupKey };
}

/** Throws `AlertInvalid`. A body that repeats one of its findings yields it once. */
export function receive(source: SourceName, body: unknown, receivedAt: Date): readonly ReceivedAlert[] {
  refuseDeep(body);
  const received = SOURCES[source].parse(body, receivedAt).map(({ alert, part }) => ({
    alert: { alertId: alertIdOf(source, alert.sourceAlertId), source, ...alert },
    dedupKey: alert.sourceAlertId,
    raw: JSON.stringify(part),
  }));
  return [...new Map(received.map((one) => [one.alert.alertId, one])).values()];
}

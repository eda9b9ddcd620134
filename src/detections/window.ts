import type { LogEvent } from './event.ts';

/** Both ends count. */
export interface Window {
  readonly from: Date;
  readonly to: Date;
}

export interface ReadEvents<Event extends LogEvent = LogEvent> {
  readonly events: readonly Event[];
  /** The page budget ended before the log did: what follows from these events is a part of the truth. */
  readonly truncated: boolean;
}

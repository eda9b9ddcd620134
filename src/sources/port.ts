import type { z } from 'zod';

import type { Alert } from '../domain/alert.ts';
import type { SourceName } from './names.ts';

/** An alert before it has an id: what a format's own code makes of one finding. */
export type NormalisedAlert = Omit<Alert, 'alertId' | 'source'>;

export interface ParsedFinding {
  readonly alert: NormalisedAlert;
  /** The part of the body that this alert was made of; kept in the store for the record. */
  readonly part: unknown;
}

export interface Source<Name extends SourceName = SourceName> {
  readonly name: Name;
  /** For people: documentation and `cordon doctor`. */
  readonly title: string;
  /** One finding comes again and again while it goes on: once its alert is settled, what is newer is another alert. */
  readonly goesOn?: boolean;
  /** The body as documented in OpenAPI. */
  readonly schema: z.ZodType;
  /**
   * All findings of one body, or none: throws `AlertInvalid`, and nothing else, for any body that JSON can express.
   * `receivedAt` bounds the alert's times.
   */
  parse(body: unknown, receivedAt: Date): readonly ParsedFinding[];
}

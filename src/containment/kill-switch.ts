import { randomUUID } from 'node:crypto';

import { inertText } from '../sources/inert-text.ts';
import type { KillSwitch, Store } from '../store/port.ts';

export const MOST_REASON_CHARACTERS = 500;

export interface SwitchChange {
  readonly stopped: boolean;
  /** Who it is: an approver's id by `server`; the user of the operating system by `direct`, on the store without the server. */
  readonly by: string;
  readonly channel: 'server' | 'direct';
  readonly reason: string;
}

/**
 * Turns the switch that every change asks first, and writes into the ledger who did, and why. Stopping counts even where the
 * ledger can't be written; starting is written first, so that nothing runs again unrecorded. Throws when either part failed:
 * to ask again is safe.
 */
export async function turnKillSwitch(
  { killSwitch, ledger }: Pick<Store, 'killSwitch' | 'ledger'>,
  { stopped, by, channel, reason }: SwitchChange,
): Promise<Awaited<ReturnType<KillSwitch['status']>>> {
  const why = inertText(reason, MOST_REASON_CHARACTERS);
  const turn = () => killSwitch.set(stopped, by, why);
  const record = () =>
    ledger.append({
      type: 'switch',
      caseId: EVERY_CASE,
      key: randomUUID(),
      body: { stopped, by, channel, reason: why },
    });
  for (const step of stopped ? [turn, record] : [record, turn]) await step();
  return killSwitch.status();
}

/** In the place of a case id. */
const EVERY_CASE = 'all';

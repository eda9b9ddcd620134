import { z } from 'zod';

import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import { principalIn } from '../../../port.ts';
import { callerOf } from '../../activity.ts';
import type { AzureClients } from '../../clients.ts';
import type { ActivityRecord } from '../../log/activity-log.ts';
import { findRecords, isBy } from '../../log/activity-log.ts';
import { DIAGNOSTIC_SETTING } from '../../names.ts';
import type { AzureSettings } from '../../settings.ts';

/** How long the activity log reaches back. */
const DAYS = 90;

const requested = z.object({ properties: z.record(z.string(), z.json()) });

/** What the setting said before the principal touched it first; null where the log does not tell. Never a guess. */
export async function settingBefore(
  clients: AzureClients,
  { now = () => new Date() }: AzureSettings,
  { principal, target }: ActionRequest,
): Promise<JsonObject | null> {
  const to = now();
  const window = { from: new Date(to.getTime() - DAYS * 86_400_000).toISOString(), to: to.toISOString() };
  const subscription = DIAGNOSTIC_SETTING.exec(target)?.[2] ?? '';
  const records = await findRecords(clients, subscription, target, window);
  const suspect = await callerOf(clients, principalIn('azure', principal));
  const done = records
    .filter(({ status }) => status?.value?.toLowerCase() !== 'failed')
    .toSorted((a, b) => Date.parse(a.eventTimestamp) - Date.parse(b.eventTimestamp));
  const touched = done.findIndex((one) => isBy(suspect, one) && isChange(one));
  if (touched < 0) return null;
  const last = done.slice(0, touched).findLast((one) => isChange(one) && requestOf(one) !== undefined);
  const deletedSince =
    last && done.slice(done.indexOf(last), touched).some((one) => operationOf(one).endsWith('/delete'));
  return last && !deletedSince ? (requestOf(last) ?? null) : null;
}

const operationOf = ({ operationName }: ActivityRecord) => operationName.value.toLowerCase();

function isChange(record: ActivityRecord): boolean {
  return /^microsoft\.insights\/diagnosticsettings\/(?:write|delete)$/u.test(operationOf(record));
}

/** The body of the request, which the log keeps as a text. */
function requestOf({ properties }: ActivityRecord): JsonObject | undefined {
  const text = properties?.['requestbody'] ?? properties?.['requestBody'];
  if (typeof text !== 'string') return undefined;
  try {
    return requested.parse(JSON.parse(text)).properties;
  } catch {
    return undefined;
  }
}

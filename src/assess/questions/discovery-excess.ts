import type { CallSummary } from '../../domain/evidence.ts';
import type { ActivityQuestion } from '../question.ts';
import { counted } from '../wording.ts';

/** The thresholds of the upstream burst rule. */
const BURST_CALLS = 10;
const BURST_APIS = 5;

/** One API in one region over and over is a poller waiting for something, however often; in many regions it is a search. */
export function isPolling(calls: CallSummary): boolean {
  return calls.distinctDiscoveryApis <= 1 && calls.regions.length <= 1;
}

export const discoveryExcess: ActivityQuestion = {
  about: 'activity',
  ask({ around, before }) {
    const seen = `${counted(around.discoveryCalls, 'discovery call')} to ${counted(around.distinctDiscoveryApis, 'API')} around the alert, ${before.discoveryCalls} before it.`;
    const burst = around.discoveryCalls >= BURST_CALLS || around.distinctDiscoveryApis >= BURST_APIS;
    if (!burst) return { answer: 'neutral', summary: `No burst: ${seen}` };
    if (isPolling(around)) return { answer: 'neutral', summary: `Polling rather than discovery: ${seen}` };
    return { answer: 'suspicious', summary: `A burst: ${seen}` };
  },
};

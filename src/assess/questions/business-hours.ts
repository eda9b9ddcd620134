import type { BusinessHours } from '../../policy/policy.ts';
import type { ActivityQuestion } from '../question.ts';

const HOUR_MS = 3_600_000;
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export const businessHours: ActivityQuestion = {
  about: 'activity',
  ask({ around: { firstSeen, lastSeen } }, hours) {
    if (firstSeen === undefined || lastSeen === undefined)
      return { answer: 'unknown', summary: 'The log gives no time of the first and last call.' };
    const within = spanWithin(hours, Date.parse(firstSeen), Date.parse(lastSeen));
    if (typeof within === 'string') return { answer: 'unknown', summary: within };
    const span = `calls from ${firstSeen} to ${lastSeen}, business hours are ${hours.fromHour} to ${hours.toHour} h in ${hours.timezone}.`;
    return within
      ? { answer: 'neutral', summary: `Inside business hours: ${span}` }
      : { answer: 'suspicious', summary: `Outside business hours: ${span}` };
  },
};

/** Whether every hour that the span touches is a business hour; a sentence when it can't be told. */
function spanWithin(hours: BusinessHours, fromMs: number, toMs: number): boolean | string {
  if (!(fromMs <= toMs) || toMs - fromMs > 8 * 24 * HOUR_MS)
    return 'The log gives no usable time of the first and last call.';
  const clock = clockOf(hours.timezone);
  if (!clock) return `The time zone ${hours.timezone} of the configuration is not known.`;
  for (let at = fromMs; at < toMs; at += HOUR_MS) if (!isBusiness(hours, clock(at))) return false;
  return isBusiness(hours, clock(toMs));
}

interface LocalHour {
  /** 1 = Monday … 7 = Sunday. */
  readonly day: number;
  readonly hour: number;
}

function isBusiness({ days, fromHour, toHour }: BusinessHours, { day, hour }: LocalHour): boolean {
  if (fromHour <= toHour) return days.includes(day) && hour >= fromHour && hour < toHour;
  // A night shift: the hours after midnight belong to the day on which it began.
  return (hour >= fromHour && days.includes(day)) || (hour < toHour && days.includes(day === 1 ? 7 : day - 1));
}

function clockOf(timeZone: string): ((atMs: number) => LocalHour) | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: '2-digit', hourCycle: 'h23' });
  } catch {
    return null;
  }
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    return { day: DAYS.indexOf(parts.get('weekday') ?? '') + 1, hour: Number(parts.get('hour')) };
  };
}

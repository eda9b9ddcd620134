import type { Config } from '../../config/schema.ts';
import { describeError } from '../failures.ts';
import type { Check, Finding } from './finding.ts';

const ANSWER_WITHIN_MS = 5_000;
const WARN_FROM_MS = 5_000;
const FAIL_FROM_MS = 60_000;
const NAME = 'clock';
const REMEDY =
  'Synchronise the clock of this machine (NTP): role sessions are revoked by their time of issue, and approvals expire by it.';

interface Measured {
  readonly server: string;
  /** By how much this machine's clock is surely off; positive: ahead. 0 where the answer does not prove any difference. */
  readonly offByMs: number;
}

/**
 * This machine's clock beside that of every server that Cordon asks anyway, by the `Date` of its answer: any answer has one, a
 * refusal too, so no credential is sent.
 */
export function clockCheck(config: Config): Check {
  return {
    name: NAME,
    remedy: REMEDY,
    async run() {
      const servers = serversOf(config);
      if (servers.length === 0) return [untold('no server is configured to compare it with')];
      const answers = await Promise.allSettled(servers.map(measure));
      const measured = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      const [worst] = measured.toSorted((a, b) => Math.abs(b.offByMs) - Math.abs(a.offByMs));
      if (worst) return [judge(worst)];
      const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [describeError(answer.reason)] : []));
      return [untold([...new Set(reasons)].join('; '))];
    },
  };
}

/** Cloud first: its clock is the one that sessions are dated by. */
function serversOf({ aws, azure, gcp, slack }: Config): readonly URL[] {
  return [
    ...(aws.enabled ? [aws.endpoint ?? `https://sts.${aws.region}.amazonaws.com/`] : []),
    ...(azure ? [azure.endpoints.resourceManager] : []),
    ...(gcp ? [gcp.endpoint ?? 'https://iam.googleapis.com/'] : []),
    ...(slack ? [slack.apiUrl ?? 'https://slack.com/api/'] : []),
  ].map((address) => new URL(address));
}

async function measure(server: URL): Promise<Measured> {
  const sentAtMs = Date.now();
  const response = await fetch(server, {
    method: 'HEAD',
    redirect: 'manual',
    cache: 'no-store',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const receivedAtMs = Date.now();
  const dateMs = Date.parse(response.headers.get('date') ?? '');
  // An answer that a cache kept is dated by when it was made.
  if (Number.isNaN(dateMs) || response.headers.has('age'))
    throw new Error(`${server.host} does not say what time it is`);
  return { server: server.host, offByMs: clockOffset({ sentAtMs, receivedAtMs, dateMs }) };
}

/**
 * The server wrote `dateMs` (whole seconds, rounded down) at some moment between sending and receiving. What that span explains is
 * no offset, so a slow answer accuses nobody.
 */
export function clockOffset(times: {
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
  readonly dateMs: number;
}): number {
  const ahead = times.sentAtMs - (times.dateMs + 999);
  const behind = times.dateMs - times.receivedAtMs;
  return ahead > 0 ? ahead : behind > 0 ? -behind : 0;
}

function judge({ server, offByMs }: Measured): Finding {
  const size = Math.abs(offByMs);
  const seconds = Math.round(size / 1000);
  const detail = `${seconds} s ${offByMs > 0 ? 'ahead of' : 'behind'} ${server}`;
  if (size > FAIL_FROM_MS) return { check: NAME, status: 'failed', detail, remedy: REMEDY };
  if (size > WARN_FROM_MS) return { check: NAME, status: 'warning', detail, remedy: REMEDY };
  return { check: NAME, status: 'ok', detail: seconds === 0 ? `agrees with ${server}` : detail };
}

function untold(reason: string): Finding {
  const remedy = 'Let this machine reach a cloud that is configured; until then look at its clock yourself.';
  return { check: NAME, status: 'warning', detail: `can't be compared: ${reason}`, remedy };
}

import type { CaseClient } from '../contracts/case-client.ts';
import { CordonFailure } from '../contracts/failures.ts';
import type { Logger } from '../runtime/logger.ts';
import type { AcceptedAlert, AlertStore } from '../store/port.ts';
import type { Metrics } from './metrics.ts';

export interface DispatcherParts {
  readonly alerts: Pick<AlertStore, 'waiting' | 'delivered'>;
  readonly cases: Pick<CaseClient, 'startAlert'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly metrics: Pick<Metrics, 'dispatchLag' | 'dispatchFailures'>;
  readonly backOff?: { readonly firstMs: number; readonly mostMs: number };
  readonly now?: () => Date;
}

/** Starts a workflow for every accepted alert, however long Temporal is away. */
export interface Dispatcher {
  /** There is something to do, or may be. Never waits, never throws. */
  wake(): void;
  /** Takes on nothing new and resolves when what is under way has ended. What is left waits in the store for the next start. */
  stop(): Promise<void>;
}

const BATCH = 200;
/** More starts at once gave Temporal no more throughput, only latency. */
const AT_ONCE = 20;
/** For alerts whose server died between the commit and the start, when several servers share a store. */
const SWEEP_MS = 30_000;

export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { alerts, cases, logger, metrics, now = () => new Date() } = parts;
  const { firstMs, mostMs } = parts.backOff ?? { firstMs: 250, mostMs: 15_000 };
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let wanted = false;

  function wake(): void {
    wanted = true;
    if (running !== undefined || stopping.signal.aborted) return;
    running = drain().finally(() => {
      running = undefined;
      if (wanted) wake();
    });
  }

  /** Until nothing waits. A round in which anything failed is followed by a pause, twice as long each time. */
  async function drain(): Promise<void> {
    let pauseMs = firstMs;
    while (wanted && !stopping.signal.aborted) {
      wanted = false;
      const failure = await round();
      if (failure === null) {
        pauseMs = firstMs;
        continue;
      }
      wanted = true;
      metrics.dispatchFailures.inc();
      logger.warn({ err: failure, retryInMs: pauseMs }, 'Alerts wait: their workflows could not be started');
      await pause(pauseMs, stopping.signal);
      pauseMs = Math.min(pauseMs * 2, mostMs);
    }
  }

  /** A failure, or null. With Temporal away the round takes on nothing more; one alert's own trouble holds up no other. */
  async function round(): Promise<unknown> {
    let failure: unknown = null;
    const fail = (error: unknown) => void (failure = error ?? new Error('No reason was given.'));
    const batch = await alerts.waiting(BATCH).catch(fail);
    if (!batch) return failure;
    if (batch.length === BATCH) wanted = true;
    const enough = () => isAway(failure) || stopping.signal.aborted;
    await inLanes(batch, enough, (alert) => deliver(alert).catch(fail));
    return failure;
  }

  async function deliver({ alert, workflowId, receivedAt }: AcceptedAlert): Promise<void> {
    await cases.startAlert(alert.alertId, workflowId);
    await alerts.delivered(alert.alertId);
    metrics.dispatchLag.observe((now().getTime() - Date.parse(receivedAt)) / 1000);
    logger.info({ alertId: alert.alertId, workflowId }, 'Workflow runs');
  }

  const sweep = setInterval(wake, SWEEP_MS);
  sweep.unref();

  return {
    wake,
    async stop() {
      stopping.abort();
      clearInterval(sweep);
      await running;
    },
  };
}

async function inLanes<T>(items: readonly T[], enough: () => boolean, each: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) {
      if (enough()) return;
      await each(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

function isAway(failure: unknown): boolean {
  return failure instanceof CordonFailure && failure.type === 'Unavailable';
}

/** Ends early when asked to stop; a stopped dispatcher does not hold up the process. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Store } from '../store/port.ts';

/** Labels hold only names of ours, never a caller's text: their number is bounded. */
export interface Metrics {
  readonly registry: Registry;
  readonly alerts: Counter<'source' | 'outcome'>;
  readonly rejections: Counter<'source' | 'reason'>;
  readonly dispatchLag: Histogram;
  readonly dispatchFailures: Counter;
  readonly decisions: Counter<'decision' | 'answer'>;
  readonly requests: Histogram<'method' | 'route' | 'status'>;
}

/** Counted up to here; more is as bad. */
const MOST_WAITING = 1_000;

export function createMetrics(store: Pick<Store, 'alerts' | 'killSwitch'>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const gauge of gauges(store)) registry.registerMetric(gauge);
  return {
    registry,
    alerts: new Counter({
      name: 'cordon_alerts_total',
      help: 'Alerts taken in, by source and outcome (accepted, duplicate)',
      labelNames: ['source', 'outcome'],
      registers,
    }),
    rejections: new Counter({
      name: 'cordon_alert_rejections_total',
      help: 'Alert requests refused, by source and reason',
      labelNames: ['source', 'reason'],
      registers,
    }),
    dispatchLag: new Histogram({
      name: 'cordon_dispatch_lag_seconds',
      help: 'From the receipt of an alert until a workflow runs for it',
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 3600],
      registers,
    }),
    dispatchFailures: new Counter({
      name: 'cordon_dispatch_failures_total',
      help: 'Attempts to start a workflow that failed and are repeated',
      registers,
    }),
    decisions: new Counter({
      name: 'cordon_decisions_total',
      help: 'Decisions made over HTTP, by decision and answer (accepted, refused, unknown)',
      labelNames: ['decision', 'answer'],
      registers,
    }),
    requests: new Histogram({
      name: 'cordon_http_request_duration_seconds',
      help: 'HTTP requests, by method, route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
      registers,
    }),
  };
}

/** Read from the store when they are asked for: several servers say the same. */
function gauges(store: Pick<Store, 'alerts' | 'killSwitch'>): readonly Gauge[] {
  const waiting = new Gauge({
    name: 'cordon_alerts_waiting',
    help: `Alerts accepted and not yet started in Temporal, counted up to ${MOST_WAITING}`,
    registers: [],
    async collect() {
      this.set((await store.alerts.waiting(MOST_WAITING)).length);
    },
  });
  const stopped = new Gauge({
    name: 'cordon_kill_switch_stopped',
    help: '1 while the kill switch is on: no change is begun in any cloud',
    registers: [],
    async collect() {
      this.set((await store.killSwitch.status()).stopped ? 1 : 0);
    },
  });
  return [waiting, stopped];
}

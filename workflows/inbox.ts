import { CancellationScope, condition, setHandler } from '@temporalio/workflow';

import type { JoinedAlert, RollbackHeard, RollbackNews } from '../src/contracts/messages.ts';
import { alertJoined, rollbackNews } from '../src/contracts/messages.ts';
import { END_STATES, WATCHED } from '../src/domain/case.ts';
import type { CaseLog } from './case-log.ts';

/** What reaches a case while it runs: alerts about its principal, and news of a rollback of what it changed. */
export class Inbox {
  readonly alerts: JoinedAlert[] = [];
  /** Came after the end, while people were being told: they open the next case. */
  readonly late: JoinedAlert[] = [];
  readonly #log: CaseLog;
  #rollbackApproved = false;
  #answered = 0;

  constructor(log: CaseLog, alerts: readonly JoinedAlert[]) {
    this.#log = log;
    for (const alert of alerts) this.#join(alert);
    setHandler(alertJoined, async (alert) => {
      if ([...this.alerts, ...this.late].some(({ alertId }) => alertId === alert.alertId)) return;
      if (END_STATES.includes(log.state)) this.late.push(alert);
      else this.#join(alert);
      if (log.state === 'AWAITING_APPROVAL') await log.save();
    });
    setHandler(rollbackNews, (news) => this.#hear(news));
  }

  get rollbackApproved(): boolean {
    return this.#rollbackApproved;
  }

  /** Alerts that no plan was made for yet. */
  get unanswered(): readonly JoinedAlert[] {
    return this.alerts.slice(this.#answered);
  }

  /** A plan is made now; it is the answer to every alert so far. */
  answer(): void {
    this.#answered = this.alerts.length;
  }

  #join(alert: JoinedAlert): void {
    this.alerts.push(alert);
    this.#log.joined(alert.alertId);
    this.#log.note('Alert', `${alert.title} (${alert.alertId})`);
  }

  /** Answers once the record says so, and for an approved rollback once the watch is over. */
  async #hear({ caseId, lines, planDigest, approved }: RollbackNews): Promise<RollbackHeard | null> {
    const log = this.#log;
    if (caseId !== log.caseId) return null;
    if (!WATCHED.includes(log.state)) {
      await log.save();
      return { state: log.state, taken: false };
    }
    for (const { step, detail } of lines) log.note(step, detail);
    if (planDigest !== undefined) log.shows(planDigest);
    if (approved) {
      this.#rollbackApproved = true;
      // Cancelling the case ends its watch too; the rollback must have its answer.
      await CancellationScope.nonCancellable(() => condition(() => !WATCHED.includes(log.state)));
      // Where an alert reopened the case instead, the rollback is told so, and a later watch has nothing to do with it.
      this.#rollbackApproved = false;
    }
    await log.save();
    return { state: log.state, taken: true };
  }
}

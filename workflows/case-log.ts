import { CancellationScope, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';

import type { CaseSnapshot } from '../src/contracts/activities.ts';
import { SEARCH_ATTRIBUTES } from '../src/contracts/search-attributes.ts';
import type { CaseState, TimelineEntry } from '../src/domain/case.ts';
import { mayMove } from '../src/domain/case.ts';
import type { Plan } from '../src/domain/plan.ts';
import type { Principal } from '../src/domain/principal.ts';
import { resourceOf } from '../src/domain/principal.ts';
import { records } from './activities.ts';

/** State and timeline of a case as its workflow knows them, and the one way by which both change. */
export class CaseLog {
  readonly caseId: string;
  readonly principal: Principal;
  readonly #principalHash: string;
  readonly #alertIds: string[];
  readonly #timeline: TimelineEntry[];
  #state: CaseState;
  #plan: Plan | null = null;
  #planDigest: string | null = null;
  #savedLines: number;
  #saving: Promise<void> = Promise.resolve();

  constructor(start: {
    caseId: string;
    principal: Principal;
    principalHash: string;
    state: CaseState;
    alertIds?: readonly string[];
    timeline?: readonly TimelineEntry[];
  }) {
    this.caseId = start.caseId;
    this.principal = start.principal;
    this.#principalHash = start.principalHash;
    this.#state = start.state;
    this.#alertIds = [...(start.alertIds ?? [])];
    this.#timeline = [...(start.timeline ?? [])];
    this.#savedLines = this.#timeline.length;
  }

  /** The principal as its cloud names it. */
  get resource(): string {
    return resourceOf(this.principal);
  }
  get state(): CaseState {
    return this.#state;
  }
  get alertIds(): readonly string[] {
    return this.#alertIds;
  }
  get timeline(): readonly TimelineEntry[] {
    return this.#timeline;
  }
  get plan(): Plan | null {
    return this.#plan;
  }

  /** Lines that are not in the record yet. */
  get unsaved(): readonly TimelineEntry[] {
    return this.#timeline.slice(this.#savedLines);
  }

  proposed(plan: Plan): void {
    this.#plan = plan;
    this.#planDigest = plan.digest;
  }

  /** Another workflow's plan for this case, a rollback: the record leads to it, the `plan` query does not. */
  shows(planDigest: string): void {
    this.#planDigest = planDigest;
  }

  joined(alertId: string): void {
    this.#alertIds.push(alertId);
  }

  /** A step that does not change the state. */
  note(step: string, detail: string): void {
    this.#timeline.push({ at: new Date().toISOString(), state: this.#state, step, detail });
  }

  /** Throws for a move that the state machine does not know: a defect, never a way on. */
  move(to: CaseState, step: string, detail: string): void {
    if (!mayMove(this.#state, to)) throw new Error(`A case can't go from ${this.#state} to ${to}.`);
    this.#state = to;
    this.note(step, detail);
    setCurrentDetails(`**${to}**: ${step}. ${detail}`);
  }

  /**
   * Makes the state findable in Temporal and readable from the store, with the lines that come meanwhile. Called at each rest,
   * not at each line, and before people are told: the channel may be away for long.
   */
  save(): Promise<void> {
    // One after the other: whoever comes second may go on only when the first one's write is done.
    this.#saving = this.#saving.then(() => this.#write());
    return this.#saving;
  }

  async #write(): Promise<void> {
    while (this.#savedLines !== this.#timeline.length) {
      this.#savedLines = this.#timeline.length;
      upsertSearchAttributes([
        { key: SEARCH_ATTRIBUTES.state, value: this.#state },
        { key: SEARCH_ATTRIBUTES.principal, value: this.#principalHash },
      ]);
      // Also of a case that is being cancelled: what is known of it is written down.
      await CancellationScope.nonCancellable(() => records.recordCase(this.snapshot()));
    }
  }

  /** Another workflow has put the lines into the record. */
  takenOver(): void {
    this.#savedLines = this.#timeline.length;
  }

  /** Another workflow wrote the record meanwhile: its state and lines count, and our unsaved ones follow. */
  rebase({ state, timeline, alertIds }: CaseSnapshot): void {
    const own = this.unsaved.map((line) => ({ ...line, state }));
    this.#state = state;
    this.#alertIds.splice(0, Infinity, ...alertIds);
    this.#timeline.splice(0, Infinity, ...timeline, ...own);
    this.#savedLines = timeline.length;
  }

  snapshot(): CaseSnapshot {
    return {
      caseId: this.caseId,
      workflowId: workflowInfo().workflowId,
      principal: this.principal,
      state: this.#state,
      alertIds: [...this.#alertIds],
      ...(this.#planDigest === null ? {} : { planDigest: this.#planDigest }),
      timeline: [...this.#timeline],
    };
  }
}

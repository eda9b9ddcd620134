import { QueryNotRegisteredError, type Client } from '@temporalio/client';

import type { DecisionSigner } from '../../src/approval/port.ts';
import { stateQuery } from '../../src/contracts/messages.ts';
import type { SignedDecision } from '../../src/domain/approval.ts';
import type { CaseState } from '../../src/domain/case.ts';
import { temporalCaseClient } from '../../src/runtime/case-client.ts';
import type { Store } from '../../src/store/port.ts';
import { approval } from './suspect.ts';

export interface Desk {
  readonly store: Store;
  readonly client: Client;
  readonly signer: DecisionSigner;
}

/** A workflow that makes a plan and waits for a decision on it: a case, or a rollback. */
export class Decided {
  readonly #desk: Desk;
  readonly #workflowId: string;
  #digest: string | undefined;
  #signed: SignedDecision | undefined;

  constructor(desk: Desk, workflowId: string) {
    this.#desk = desk;
    this.#workflowId = workflowId;
  }

  /** Once the plan is made and waits for its approval. */
  asked(): Promise<void> {
    const workflow = this.#desk.client.workflow.getHandle(this.#workflowId);
    this.#digest = undefined;
    return until(async () => {
      // A rollback answers once it has loaded its case.
      const status = await workflow.query(stateQuery).catch((error: unknown) => {
        if (error instanceof QueryNotRegisteredError) return null;
        throw error;
      });
      if (status === null) return false;
      const { state, planDigest } = status;
      if (state === 'FAILED' || state === 'RECORDED') throw new Error(`${this.#workflowId} is ${state}.`);
      // A rollback keeps the state that its case ended in, and has a plan once it is about to ask.
      if (state === 'AWAITING_APPROVAL' || this.#isRollback) this.#digest = planDigest;
      return this.#digest !== undefined;
    });
  }

  /** Throws unless it was accepted. Called again it repeats the same decision, as an approver's client does. */
  approve(): Promise<void> {
    return this.#decide('approve');
  }

  deny(): Promise<void> {
    return this.#decide('deny');
  }

  async #decide(decision: 'approve' | 'deny'): Promise<void> {
    const { store, client, signer } = this.#desk;
    const plan = await store.plans.get(this.#digest ?? '');
    if (!plan) throw new Error('The store does not hold the plan.');
    if (this.#signed?.decision.planDigest !== plan.digest) {
      const approved = await approval(plan, signer);
      this.#signed = decision === 'approve' ? approved : await signer.sign({ ...approved.decision, decision });
    }
    const signed = this.#signed;
    await until(async () => {
      const answer = await temporalCaseClient(client).decide(this.#workflowId, signed);
      if (answer.status === 'accepted') return true;
      if (this.#isRollback && answer.kind === 'conflict') return false;
      throw new Error(`The decision was not accepted: ${JSON.stringify(answer)}`);
    });
  }

  /** Once it has ended. */
  end(): Promise<CaseState> {
    return this.#desk.client.workflow.getHandle(this.#workflowId).result();
  }

  get #isRollback(): boolean {
    return this.#workflowId.startsWith('rollback-');
  }
}

/** The test's own time limit ends a wait in vain. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

import { randomBytes } from 'node:crypto';

import { configSchema } from '../../src/config/schema.ts';
import { applyAction } from '../../src/containment/apply.ts';
import type { ContainmentDependencies } from '../../src/containment/dependencies.ts';
import { planContainment } from '../../src/containment/plan.ts';
import { revertAction } from '../../src/containment/rollback.ts';
import { CordonFailure } from '../../src/contracts/failures.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { ActionRequest, Plan } from '../../src/domain/plan.ts';
import type { AwsPrincipal, Resolution } from '../../src/domain/principal.ts';
import type { Action, LogProof, Preflight, Proposal, Provider } from '../../src/providers/port.ts';
import type { Office } from '../faults/suspect.ts';
import { approval, openOffice } from '../faults/suspect.ts';

/** Something that is on until it is turned off, and what a read of it says besides. */
export interface Thing {
  on: boolean;
  obstacles?: readonly string[];
  caveats?: readonly string[];
  affected?: readonly string[];
  /** Of the request for it. */
  parameters?: JsonObject;
  /** There is nothing that Cordon could call for it. */
  odd?: boolean;
  /** What its reads fail with. */
  unreadable?: CordonFailure;
  /** What putting it back fails with. */
  stuck?: CordonFailure;
  /** How many reads after a write still show the state before it. */
  stale?: number;
  /** The answer to the next change is lost, after its effect. */
  lost?: boolean;
}

export const ACCOUNT = '123456789012';
const userArn = (name: string) => `arn:aws:iam::${ACCOUNT}:user/${name}`;
export const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
export const SUSPECT: AwsPrincipal = {
  cloud: 'aws',
  kind: 'iam-user',
  accountId: ACCOUNT,
  name: 'nora',
  arn: userArn('nora'),
  uniqueId: 'AIDANORA',
};
export const CORDON: AwsPrincipal = { ...SUSPECT, name: 'cordon', arn: userArn('cordon'), uniqueId: 'AIDACORDON' };

export const UNREAD = 'The log could not be read.';

/**
 * A cloud on paper: things by their ARN, and one action that turns them off. What containment itself decides is shown with it, down
 * to states that no emulator can be brought into; what the actions of the real clouds do is shown by their contract.
 */
export class PaperCloud {
  readonly things: Record<string, Thing> = {};
  /** Targets in the order in which they were changed. */
  readonly writes: string[] = [];
  /** Of the proposal. */
  caveats: readonly string[] = [];
  identity: Resolution = { status: 'resolved', principal: SUSPECT };
  log: LogProof = { calls: [], logComplete: true };
  /** Of what the principal did. */
  logFails: CordonFailure | null = null;
  readonly #seen = new Map<string, boolean>();

  add(target: string, thing: Partial<Thing> = {}): Thing {
    return (this.things[target] = { on: true, ...thing });
  }

  #isOn(target: string): boolean {
    const thing = this.#thing(target);
    if (thing.unreadable) throw thing.unreadable;
    const before = this.#seen.get(target);
    if (before === undefined || (thing.stale ?? 0) <= 0) return thing.on;
    thing.stale = (thing.stale ?? 0) - 1;
    return before;
  }

  #thing(target: string): Thing {
    const thing = this.things[target];
    if (!thing) throw new CordonFailure('NotFound', `There is no ${target}.`);
    return thing;
  }

  write(target: string, on: boolean): void {
    const thing = this.#thing(target);
    this.#seen.set(target, thing.on);
    thing.on = on;
    this.writes.push(target);
  }

  #preflight({ target }: ActionRequest): Preflight {
    const on = this.#isOn(target);
    const { odd = false, obstacles = [], caveats = [], affected = [] } = this.#thing(target);
    const calls = on && !odd ? [{ service: 'paper', operation: 'TurnOff', parameters: { target } }] : [];
    return { prior: { on }, alreadySo: !on, calls, mayBreak: [], obstacles, caveats, affected };
  }

  #action(effect: Action['effect']): Action {
    return {
      id: effect === 'creating' ? 'make' : 'turn-off',
      cloud: 'aws',
      title: 'Turn it off',
      description: '',
      effect,
      reversibility: 'exact',
      permissions: [],
      proof: '',
      survives: '',
      example: this.#request('turn-off', SUSPECT.arn),
      preflight: async (request) => this.#preflight(request),
      apply: async ({ target }) => {
        this.write(target, false);
        const thing = this.#thing(target);
        const { lost = false } = thing;
        thing.lost = false;
        if (lost) throw new CordonFailure('TimedOut', 'No answer.');
        return { result: {} };
      },
      verify: async ({ target }) =>
        this.#isOn(target)
          ? { status: 'drifted', detail: `${target} is on.` }
          : { status: 'holds', detail: `${target} is off.` },
      revert: async ({ target }, prior) => {
        const { stuck } = this.#thing(target);
        if (stuck) throw stuck;
        this.write(target, prior['on'] === true);
      },
      previewRevert: ({ target }) => [{ service: 'paper', operation: 'TurnOn', parameters: { target } }],
      ...(effect === 'creating' && {
        reconcile: async ({ target }: ActionRequest) => {
          this.write(target, true);
          return null;
        },
      }),
    };
  }

  #request(action: string, target: string): ActionRequest {
    return {
      action,
      cloud: 'aws',
      accountId: ACCOUNT,
      principal: SUSPECT,
      target,
      parameters: this.things[target]?.parameters ?? {},
    };
  }

  provider(): Provider {
    const unused = () => Promise.reject(new Error('Containment does not ask for that.'));
    return {
      cloud: 'aws',
      sources: { activity: 'paper', credentials: 'paper' },
      evidencePermissions: [],
      accounts: async () => [ACCOUNT],
      resolve: async () => this.identity,
      selves: async () => [CORDON],
      activity: async () => {
        if (this.logFails) throw this.logFails;
        return {} as Awaited<ReturnType<Provider['activity']>>;
      },
      credentials: unused,
      marked: unused,
      missingPermissions: async () => [],
      successfulCallsSince: async () => this.log,
      actions: { 'turn-off': this.#action('declarative'), make: this.#action('creating') },
      propose: (_, activity): Proposal => ({
        requests: Object.keys(this.things).map((target) =>
          this.#request(target.endsWith('/made') ? 'make' : 'turn-off', target),
        ),
        caveats: activity === null ? [...this.caveats, UNREAD] : this.caveats,
      }),
    };
  }
}

/** A case in a cloud on paper, with a real store, ledger and verifier. */
export interface PaperCase {
  readonly cloud: PaperCloud;
  readonly office: Office;
  readonly caseId: string;
  readonly alertIds: readonly string[];
  readonly dependencies: ContainmentDependencies;
  protecting(...principals: readonly string[]): ContainmentDependencies;
  plan(reopenings?: number): Promise<Plan>;
  /** Of one action with a valid approval, or of all of them in their order. */
  carryOut(plan: Plan, sequence?: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function openCase(): Promise<PaperCase> {
  const [cloud, office] = [new PaperCloud(), await openOffice()];
  const [alertId, caseId] = [`al_${randomBytes(16).toString('hex')}`, `ca_${randomBytes(16).toString('hex')}`];
  const at = new Date().toISOString();
  const text = { source: 'test', sourceAlertId: alertId, title: 'Discovery', rule: 'T1580', severity: 'high' } as const;
  const lists = { techniques: [], clues: [], sourceAddresses: [], userAgents: [] };
  const alert = { alertId, ...text, ...lists, cloud: 'aws', firstSeen: at, lastSeen: at, sample: false } as const;
  await office.store.alerts.accept(alert, '{}', alertId, `alert-${alertId}`);
  const { store, verifier, signer } = office;
  const configured = (changes: object): ContainmentDependencies => ({
    config: configSchema.parse({ mode: 'approve', ...changes }),
    store,
    verifier,
    providers: { aws: cloud.provider() },
    now: () => new Date(),
  });
  const dependencies = configured({});
  const subject = { caseId, principal: SUSPECT, alertIds: [alertId] };
  return {
    cloud,
    office,
    caseId,
    alertIds: [alertId],
    dependencies,
    protecting: (...names) =>
      configured({ protected: names.map((principal) => ({ principal, reason: 'break-glass' })) }),
    plan: (reopenings = 0) => planContainment({ ...subject, reopenings }, dependencies),
    async carryOut(plan, only) {
      const decisions = [await approval(plan, signer)];
      const act = plan.kind === 'rollback' ? revertAction : applyAction;
      const ends: string[] = [];
      for (const { sequence } of plan.actions.filter((one) => only === undefined || one.sequence === only))
        ends.push((await act({ planDigest: plan.digest, sequence, decisions }, dependencies)).status);
      return ends;
    },
    close: () => office.close(),
  };
}

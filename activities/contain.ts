import type { ContainmentDependencies } from '../src/containment/dependencies.ts';
import { applyAction, reconcileAction } from '../src/containment/apply.ts';
import { planDeletion, verifyDeletion } from '../src/containment/deletion.ts';
import { planContainment } from '../src/containment/plan.ts';
import { planRollback, revertAction, verifyRollback } from '../src/containment/rollback.ts';
import { verifyContainment } from '../src/containment/verify.ts';
import type { ContainActivities } from '../src/contracts/activities.ts';
import { atBoundary, attempt, beating } from './boundary.ts';

/** The only activities that may change a cloud. What they do is in `src/containment`; here they get a heartbeat. */
export function createContainActivities(dependencies: ContainmentDependencies): ContainActivities {
  return atBoundary({
    planContainment: (input) => beating(() => planContainment(input, dependencies, attempt())),
    planRollback: (input) => beating(() => planRollback(input, dependencies)),
    planDeletion: (input) => beating(() => planDeletion(input, dependencies)),
    applyAction: (input) => beating(() => applyAction(input, dependencies)),
    createByAction: (input) => applyAction(input, dependencies),
    reconcileAction: (input) => beating(() => reconcileAction(input, dependencies)),
    revertAction: (input) => beating(() => revertAction(input, dependencies, attempt())),
    verifyContainment: (input) => beating(() => verifyContainment(input, dependencies)),
    verifyRollback: (input) => beating(() => verifyRollback(input, dependencies)),
    verifyDeletion: (input) => beating(() => verifyDeletion(input, dependencies)),
  } satisfies ContainActivities);
}

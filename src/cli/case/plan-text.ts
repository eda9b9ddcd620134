import type { Plan, PlannedAction, PlannedCall } from '../../domain/plan.ts';
import { resourceOf } from '../../domain/principal.ts';
import { inert, inertJson } from '../terminal.ts';

const UNDO = {
  exact: 'Can be undone exactly.',
  partial: 'Can be undone in part.',
  'not-needed': 'Need not be undone.',
  none: 'Can NOT be undone.',
} as const;

const KINDS = { containment: 'Containment', rollback: 'Rollback', deletion: 'Deletion' } as const;

/** The whole plan: nothing that is approved is left out. Every piece of data is inert. */
export function planText(plan: Plan): string {
  const { principal, requirement, requestedBy } = plan;
  return [
    `${KINDS[plan.kind]} plan of case ${inert(plan.caseId)}`,
    `Principal  ${inert(`${principal.kind} ${principal.name} in ${principal.cloud} ${principal.accountId} (${resourceOf(principal)})`)}`,
    `Digest     ${inert(plan.digest)}`,
    `Approvals  ${requirement.approvals}: ${inert(requirement.reason)}`,
    ...(requestedBy === undefined
      ? []
      : [`Asked by   ${inert(requestedBy)}, who approves only if the others are not enough`]),
    ...(plan.actions.length === 0 ? ['', 'No actions: nothing would change.'] : []),
    ...plan.actions.flatMap((action) => ['', ...actionLines(action)]),
    ...listed('Can not be carried out until repaired:', plan.obstacles),
    ...listed('What it can not promise:', plan.caveats),
  ].join('\n');
}

function actionLines(action: PlannedAction): readonly string[] {
  const head = [
    `${action.sequence + 1}. ${inert(action.title)} (${inert(action.request.action)})`,
    `   on ${inert(action.request.target)}`,
  ];
  if (action.alreadySo) return [...head, '   Already so: nothing is called, and a rollback leaves it.'];
  return [
    ...head,
    ...action.calls.map((call) => `   → ${callText(call)}`),
    ...action.mayBreak.map((effect) => `   May break: ${inert(effect)}`),
    `   ${UNDO[action.reversibility]}`,
  ];
}

function callText({ service, operation, parameters }: PlannedCall): string {
  const given = Object.entries(parameters).map(
    ([name, value]) => `${inert(name)}=${typeof value === 'string' ? inert(value) : inertJson(value, 0)}`,
  );
  return [inert(service), inert(operation), ...given].join(' ');
}

function listed(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  - ${inert(line)}`)];
}

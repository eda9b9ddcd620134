import type { JsonObject } from '../../domain/json.ts';
import type { Plan, PlannedAction, PlannedCall } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import { KIND_TITLES } from '../../domain/principal.ts';
import { cut, inert } from './inert-text.ts';
import { section, showCommand, type Block } from './message.ts';

/** `IAM user alice in aws 123456789012`, inert. */
export function principalText(principal: Principal): string {
  const { kind, name, cloud, accountId } = principal;
  return `${KIND_TITLES[kind]} ${cut(inert(name), 70)} in ${cloud} ${inert(accountId)}`;
}

/** Twelve digits are enough to tell plans apart by eye; the button carries the whole digest. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}

const UNDO = {
  exact: 'Can be undone exactly',
  partial: 'Can be undone in part',
  'not-needed': 'Need not be undone',
  none: 'Can NOT be undone',
} as const;

/**
 * The plan's share of a message. Slack refuses blocks that are too long in sum (`msg_blocks_too_long`; it documents no number,
 * about 13,000 characters are known to pass), and nobody reads more on a phone.
 */
const PLAN_CHARACTERS = 5_400;
const ACTION_CHARACTERS = 1_500;
const MOST_FULL_ACTIONS = 20;
const LINES_A_SECTION = 12;
const MOST_LINES = 40;

/**
 * The actions in their order: each with its exact calls while that fits, else one line an action with a warning that says how
 * to read the rest. An action that isn't shown is counted.
 */
export function planBlocks(plan: Plan): Block[] {
  const { actions, caseId } = plan;
  if (actions.length === 0) return [section('The plan has no actions: nothing would change.')];
  const full = actions.map((action) => actionText(action, caseId, plan.kind));
  const length = full.reduce((sum, text) => sum + text.length, 0);
  if (full.length <= MOST_FULL_ACTIONS && length <= PLAN_CHARACTERS) return full.map((text) => section(text));

  const lines = actions.slice(0, MOST_LINES).map(actionLine);
  const sections: Block[] = [];
  for (let start = 0; start < lines.length; start += LINES_A_SECTION) {
    sections.push(section(lines.slice(start, start + LINES_A_SECTION).join('\n')));
  }
  const unseen = actions.length - lines.length;
  const more = unseen > 0 ? `… ${unseen} more actions, see the case. ` : '';
  const warning = `${more}This plan is too long for a message: its calls are left out here. Before you decide, read all of it with ${showCommand(caseId)}`;
  return [...sections, section(warning)];
}

/** One line an action, for a long plan and for a message that is closed. */
export function actionLine(action: PlannedAction): string {
  const state = action.alreadySo ? 'Already so, nothing to do' : UNDO[action.reversibility];
  return `${action.sequence + 1}. ${titleText(action, 40)} → ${targetText(action, 55)} (${state})`;
}

function titleText(action: PlannedAction, most: number): string {
  return cut(inert(action.title), most) || inert(action.request.action);
}

function targetText(action: PlannedAction, most: number): string {
  return cut(inert(action.request.target), most) || '(no target)';
}

function actionText(action: PlannedAction, caseId: string, kind: Plan['kind']): string {
  const title = `${action.sequence + 1}. ${titleText(action, 200)}`;
  const target = `on ${targetText(action, 250)}`;
  if (action.alreadySo) return [title, target, 'Already so: nothing is called.'].join('\n');
  const calls = action.calls.map((call) => `→ ${callText(call)}`);
  const effects = action.mayBreak.map(
    (effect) => `${kind === 'rollback' ? 'Takes effect' : 'May break'}: ${inert(effect)}`,
  );
  const undo = kind === 'rollback' ? [] : [`${UNDO[action.reversibility]}.`];
  const lines = [...calls, ...effects];
  const ends = [title, target, ...undo].join('\n').length;
  return [title, target, ...fitting(lines, ACTION_CHARACTERS - ends, caseId), ...undo].join('\n');
}

/** As many lines as fit; a line that is longer than a third of the room is cut. Whatever is missing is said. */
function fitting(lines: readonly string[], room: number, caseId: string): string[] {
  const shown: string[] = [];
  let left = room - 120;
  for (const line of lines) {
    const short = cut(line, Math.floor(room / 3));
    if (short.length > left) break;
    shown.push(short);
    left -= short.length + 1;
  }
  const unseen = lines.length - shown.length;
  if (unseen > 0) return [...shown, `… ${unseen} more lines, see the case: ${showCommand(caseId)}`];
  if (shown.some((line, index) => line !== lines[index]))
    return [...shown, `… cut; whole in the case: ${showCommand(caseId)}`];
  return shown;
}

/** `iam PutUserPolicy UserName=alice PolicyName=…`: the call as it will be made, on one line. */
function callText(call: PlannedCall): string {
  return inert(`${call.service} ${call.operation} ${parametersText(call.parameters)}`);
}

function parametersText(parameters: JsonObject): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

/** What the plan as a whole leaves behind, for the line under it. */
export function undoSummary(plan: Plan): string {
  const acting = plan.actions.filter((action) => !action.alreadySo);
  const count = (of: PlannedAction['reversibility']) => acting.filter((action) => action.reversibility === of).length;
  const parts = [
    [count('exact'), 'exactly'],
    [count('partial'), 'in part'],
    [count('not-needed'), 'with nothing to undo'],
    [count('none'), 'NOT at all'],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, how]) => `${number} ${how}`);
  return `Can be undone: ${said.join(', ') || 'nothing is changed'} (${acting.length} changes). Everything that is not named above stays as it is.`;
}

import type { JsonObject } from '../../domain/json.ts';
import type { Plan, PlannedAction, PlannedCall } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import { KIND_TITLES } from '../../domain/principal.ts';
import { cut, inert } from './inert-text.ts';
import { list, section, showCommand, type Block } from './message.ts';

/** `IAM user alice in aws 123456789012`, inert. */
export function principalText(principal: Principal): string {
  const { kind, name, cloud, accountId } = principal;
  return `${KIND_TITLES[kind]} ${cut(inert(name), 70)} in ${cloud} ${cut(inert(accountId), 40)}`;
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

const EFFECTS_CHARACTERS = 1_000;

/** `whole`: every call and every effect is in the blocks, uncut. */
export interface ShownPlan {
  readonly blocks: readonly Block[];
  readonly whole: boolean;
}

/**
 * The actions in their order: each with its effects and its exact calls while that fits, else one line an action, the effects of all,
 * and a warning that says how to read the rest. Effects come first: how long the calls are is up to whoever chose the names in them.
 * What isn't shown is counted.
 */
export function showPlan(plan: Plan): ShownPlan {
  const { actions, caseId } = plan;
  if (actions.length === 0) return { blocks: [section('The plan has no actions: nothing would change.')], whole: true };
  const full = actions.map((action) => actionText(action, caseId, plan.kind));
  const length = full.reduce((sum, { text }) => sum + text.length, 0);
  if (full.length <= MOST_FULL_ACTIONS && length <= PLAN_CHARACTERS)
    return { blocks: full.map(({ text }) => section(text)), whole: full.every(({ whole }) => whole) };
  return { blocks: shortPlan(plan), whole: false };
}

function shortPlan({ actions, caseId, kind }: Plan): Block[] {
  const lines = actions.slice(0, MOST_LINES).map(actionLine);
  const sections: Block[] = [];
  for (let start = 0; start < lines.length; start += LINES_A_SECTION) {
    sections.push(section(lines.slice(start, start + LINES_A_SECTION).join('\n')));
  }
  const acting = actions.filter(({ alreadySo }) => !alreadySo);
  const effects = [...new Set(acting.flatMap(({ mayBreak }) => mayBreak.map((effect) => cut(inert(effect), 300))))];
  const unseen = actions.length - lines.length;
  const more = unseen > 0 ? `… ${unseen} more actions, see the case. ` : '';
  const warning = `${more}This plan is too long for a message: its calls are left out here. Before you decide, read all of it with ${showCommand(caseId)}`;
  return [
    ...sections,
    ...(effects.length > 0 ? [list(`${EFFECT[kind]}:`, effects, caseId, EFFECTS_CHARACTERS)] : []),
    section(warning),
  ];
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

const EFFECT = { containment: 'May break', rollback: 'Takes effect', deletion: 'May break' } as const;

interface ShownText {
  readonly text: string;
  readonly whole: boolean;
}

function actionText(action: PlannedAction, caseId: string, kind: Plan['kind']): ShownText {
  const title = `${action.sequence + 1}. ${titleText(action, 200)}`;
  const target = `on ${targetText(action, 250)}`;
  if (action.alreadySo) return { text: [title, target, 'Already so: nothing is called.'].join('\n'), whole: true };
  const effects = action.mayBreak.map((effect) => `${EFFECT[kind]}: ${inert(effect)}`);
  const calls = action.calls.map((call) => `→ ${callText(call)}`);
  const undo = kind === 'rollback' ? [] : [`${UNDO[action.reversibility]}.`];
  const ends = [title, target, ...undo].join('\n').length;
  const { text, whole } = fitting([...effects, ...calls], ACTION_CHARACTERS - ends, caseId);
  return { text: [title, target, ...(text === '' ? [] : [text]), ...undo].join('\n'), whole };
}

/** As many lines as fit; a line that is longer than a third of the room is cut. Whatever is missing is said. */
function fitting(lines: readonly string[], room: number, caseId: string): ShownText {
  const shown: string[] = [];
  let left = room - 120;
  for (const line of lines) {
    const short = cut(line, Math.floor(room / 3));
    if (short.length > left) break;
    shown.push(short);
    left -= short.length + 1;
  }
  const unseen = lines.length - shown.length;
  const whole = lines.every((line, index) => line === shown[index]);
  if (unseen > 0) shown.push(`… ${unseen} more lines, see the case: ${showCommand(caseId)}`);
  else if (!whole) shown.push(`… cut; whole in the case: ${showCommand(caseId)}`);
  return { text: shown.join('\n'), whole };
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

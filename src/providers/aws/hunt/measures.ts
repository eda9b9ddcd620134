import type { JsonObject, JsonValue } from '../../../domain/json.ts';
import type { AwsActionId } from '../actions/index.ts';
import { DENY_POLICY } from '../mark-names.ts';

/** One thing that the suspect left, and the action that takes it away. */
export interface Finding {
  readonly action: MeasureId;
  readonly target: string;
  /** Of the target, where it is an identity: another one of the same name is not meant. */
  readonly uniqueId: string;
  /** Which of the things on the target. */
  readonly item: JsonValue;
  /** What stood there before the suspect. */
  readonly before?: JsonObject;
}

export interface CounterMeasure {
  readonly action: MeasureId;
  readonly target: string;
  readonly parameters: JsonObject;
}

interface Group {
  readonly caseId: string;
  readonly uniqueId: string;
  /** Each once, in an order of its own. */
  readonly items: readonly JsonValue[];
  readonly before: JsonObject;
}

/**
 * In the order of safety: first what lets somebody in (keys, passwords, identity providers, trust, functions), then what those
 * inside may do. Inline policies go before the deny: the suspect may have filled the room that the deny needs.
 */
const PARAMETERS = {
  'deactivate-created-keys': ({ items }) => ({ accessKeyIds: items }),
  'remove-created-login-profile': ({ items, uniqueId }) => ({ createdAt: newest(items), uniqueId }),
  'delete-created-identity-providers': ({ items }) => ({ createdAt: newest(items) }),
  'restore-role-trust': ({ items, uniqueId, before }) => ({ ...before, putBySuspect: items, uniqueId }),
  'remove-function-permissions': ({ items }) => ({ statements: items }),
  'remove-inline-policies': ({ items, uniqueId }) => ({ policyNames: items, uniqueId }),
  'deny-created-identity': ({ caseId, uniqueId }) => ({ caseId, policyName: DENY_POLICY.of(caseId), uniqueId }),
  'detach-policies': ({ items, uniqueId }) => ({ policyArns: items, uniqueId }),
  'restore-policy-version': ({ items, before }) => ({ ...before, setBySuspect: items }),
  'remove-from-groups': ({ items, uniqueId }) => ({ groupNames: items, uniqueId }),
} as const satisfies { readonly [Id in AwsActionId]?: (group: Group) => JsonObject };
export type MeasureId = keyof typeof PARAMETERS;

/** One request an action and target, whatever the order of the facts. */
export function measuresOf(findings: readonly Finding[], caseId: string): readonly CounterMeasure[] {
  return (Object.keys(PARAMETERS) as MeasureId[]).flatMap((action) => {
    const byTarget = Map.groupBy(
      findings.filter((finding) => finding.action === action),
      ({ target }) => target,
    );
    return [...byTarget]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([target, group]) => ({ action, target, parameters: PARAMETERS[action](groupOf(group, caseId)) }));
  });
}

function groupOf(group: readonly Finding[], caseId: string): Group {
  const items = new Map(group.map(({ item }) => [JSON.stringify(item), item]));
  const sorted = [...items].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  return { caseId, uniqueId: group[0]?.uniqueId ?? '', items: sorted, before: group[0]?.before ?? {} };
}

/** What was made, removed and made again is there since the last time. */
function newest(times: readonly JsonValue[]): JsonValue {
  return times.at(-1) ?? '';
}

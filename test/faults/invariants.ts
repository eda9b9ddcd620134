import type { CaseState } from '../../src/domain/case.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { LedgerEntry } from '../../src/domain/ledger.ts';
import type { KillableCordon } from './killable-cordon.ts';
import { accepted, newKeys, type Person, stateOf } from './suspect.ts';

/** States that claim a containment, now or at any time before. */
const CLAIMS: readonly CaseState[] = ['CONTAINED', 'MONITORING'];

/** A case whose end is looked at. */
interface Looked {
  readonly person: Person;
  readonly caseId: string;
  /** The state of the account that its plan leaves when nothing goes wrong, where nobody else changes it. */
  readonly undisturbed?: JsonObject;
  /** Further cases about the same person. */
  readonly others?: readonly string[];
  /** Nothing could look for what a lost answer had made: then the ledger has its intent, for the orphan sweep. */
  readonly unfinished?: true;
}

/** What must never be true of a case, whatever was killed meanwhile; empty when all is well. */
export async function wrongsOf(
  { stage, store }: Pick<KillableCordon, 'stage' | 'store'>,
  { person, caseId, undisturbed, others = [], unfinished }: Looked,
): Promise<readonly string[]> {
  const { timeline = [] } = (await store.cases.get(caseId)) ?? {};
  const entries = await store.ledger.ofCase(caseId);
  const wrong = [...orderOf(entries)];
  const still = await accepted(stage, person.keys);
  if (timeline.some(({ state }) => CLAIMS.includes(state))) {
    const state = await stateOf(stage, person, caseId);
    if (still.length > 0) wrong.push(`it said CONTAINED, and AWS still accepts ${still.join(', ')}`);
    if (undisturbed && JSON.stringify(state) !== JSON.stringify(undisturbed))
      wrong.push(`the state is ${JSON.stringify(state)}`);
  }
  const known = [...entries, ...(await Promise.all(others.map((id) => store.ledger.ofCase(id)))).flat()];
  const made = known.filter(({ type }) => type === 'outcome').map(({ body }) => body['result'] as JsonObject);
  const unknown = (await newKeys(stage, person)).filter((id) => !made.some((result) => result?.['accessKeyId'] === id));
  const excused = unfinished
    ? (await store.ledger.unfinished()).filter((entry) => [caseId, ...others].includes(entry.caseId)).length
    : 0;
  if (unknown.length > excused) wrong.push(`keys that the ledger does not know: ${unknown.join(', ')}`);
  return wrong;
}

/** A decision before any intent, an intent before its outcome; a change that was made has an intent. */
function orderOf(entries: readonly LedgerEntry[]): readonly string[] {
  const wrong: string[] = [];
  const at = (type: LedgerEntry['type'], key?: string) =>
    entries.findIndex((entry) => entry.type === type && (key === undefined || entry.key === key));
  const firstIntent = at('intent');
  if (firstIntent !== -1 && (at('decision') === -1 || at('decision') > firstIntent))
    wrong.push('an intent comes first');
  for (const { type, key, body } of entries) {
    if (type !== 'outcome' || body['status'] === 'already-so') continue;
    const intent = at('intent', key);
    if (intent === -1 && body['status'] !== 'not-made') wrong.push(`no intent of ${nameOf(body)}`);
    if (intent > at('outcome', key)) wrong.push(`the intent of ${nameOf(body)} comes after its outcome`);
  }
  return wrong;
}

function nameOf({ action }: JsonObject): string {
  return typeof action === 'string' ? action : 'nothing';
}

import type { Principal } from '../../src/domain/principal.ts';
import { BY_HAND, byHand, KIND_TITLES } from '../../src/domain/principal.ts';
import type { Action } from '../../src/providers/port.ts';
import type { CloudReference } from './clouds.ts';
import { CLOUD_REFERENCES } from './clouds.ts';
import { inlineCode, page, table } from './markdown.ts';

const REVERSIBLE = { exact: 'exactly', partial: 'in part', 'not-needed': 'not needed', none: 'no' } as const;
const HEADINGS = ['Action', 'Proof', 'Reversible', 'Permissions', 'What survives, and for how long'];

export function coveragePage(): string {
  return page(
    'Coverage',
    'src/providers and src/domain/principal.ts',
    'Which kind of identity is contained by what, how that is proved, whether it can be undone, and what survives. The actions ' +
      'stand in the order in which they are carried out; each only where it is enabled and the suspect gave cause for it.',
    'Proof is a read of its own after the change, not the answer of the change. Besides, for each case: the audit log of the cloud ' +
      'shows no successful call of the identity after the propagation window, for the time that `quietSeconds` says and as late ' +
      'as `logDelaySeconds` says ([configuration](configuration.md)). What a read or the log can not tell is unknown, and a case ' +
      'with anything unknown is not CONTAINED. What a kind can do by credentials of other identities is a case of those.',
    ...CLOUD_REFERENCES.flatMap(cloudSections),
  );
}

/** Never proposed by a containment. Any other action that is proposed for nobody would be said to be so wrongly. */
const IN_A_PLAN_OF_ITS_OWN: ReadonlySet<string> = new Set(['delete-access-keys']);

function cloudSections(cloud: CloudReference): readonly string[] {
  const proposed = new Set(cloud.principals.flatMap((principal) => cloud.actionsFor(principal)));
  const apart = cloud.actions.filter((action) => !proposed.has(action));
  const unexplained = apart.filter(({ id }) => !IN_A_PLAN_OF_ITS_OWN.has(id));
  if (unexplained.length > 0)
    throw new Error(
      `Nothing gives cause for ${unexplained.map(({ id }) => id).join(', ')}: add it to scripts/generate/examples/suspects.ts.`,
    );
  return [
    `## ${cloud.title}`,
    ...cloud.principals.flatMap((principal) => kindSection(cloud, principal)),
    ...(apart.length > 0
      ? [`### ${cloud.title}: in a plan of its own`, 'Never part of a containment.', actionTable(apart)]
      : []),
  ];
}

/** What a person does; for a kind that depends on the configuration, where that says nothing of it. */
function byPerson(principal: Principal): readonly string[] {
  const how = BY_HAND[principal.kind];
  if (how === null) return [];
  return [byHand(principal) === null ? `Unless it is configured, by a person; the alert is parked. ${how}` : how];
}

function kindSection(cloud: CloudReference, principal: Principal): readonly string[] {
  const actions = cloud.actionsFor(principal);
  const limits = [...new Set([...byPerson(principal), ...cloud.caveatsFor(principal)])];
  if (actions.length === 0 && limits.length === 0)
    throw new Error(`Nothing contains a ${principal.kind}, and BY_HAND does not say what a person does.`);
  return [
    `### ${cloud.title}: ${KIND_TITLES[principal.kind]}`,
    ...(actions.length > 0 ? [actionTable(actions)] : ['By a person; the alert is parked and someone is paged.']),
    ...(limits.length > 0 ? [limits.map((line) => `- ${line}`).join('\n')] : []),
  ];
}

function actionTable(actions: readonly Action[]): string {
  return table(
    HEADINGS,
    actions.map(({ id, proof, survives, reversibility, permissions }) => {
      const names = [...new Set(permissions.map(({ name }) => inlineCode(name)))];
      return [`[${id}](actions.md#${id})`, proof, REVERSIBLE[reversibility], names.join(', '), survives];
    }),
  );
}

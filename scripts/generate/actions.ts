import type { PlannedCall } from '../../src/domain/plan.ts';
import type { Action } from '../../src/providers/port.ts';
import type { CloudReference } from './clouds.ts';
import { CLOUD_REFERENCES } from './clouds.ts';
import { code, inlineCode, page } from './markdown.ts';
import { permissionTable } from './permissions.ts';

const REVERSIBILITY = {
  exact: 'can be undone exactly',
  partial: 'can be undone in part',
  'not-needed': 'need not be undone',
  none: 'can NOT be undone',
} as const;
const EFFECT = {
  declarative: 'Repeating it is harmless (declarative)',
  creating: 'Tried once, then reconciled, never repeated (creating)',
};

export async function actionsPage(): Promise<string> {
  const clouds = await Promise.all(CLOUD_REFERENCES.map(cloudSections));
  return page(
    'Actions',
    'src/providers',
    'What a containment may consist of, cloud by cloud, in the order in which it is carried out. Which are enabled: `actions` of ' +
      'the cloud in the [configuration](configuration.md). Which identities they contain, how that is proved, and what survives: ' +
      '[coverage](coverage.md).',
    ...clouds.flat(),
  );
}

async function cloudSections(cloud: CloudReference): Promise<readonly string[]> {
  const sections = await Promise.all(cloud.actions.map((action) => actionSection(cloud, action)));
  return [`## ${cloud.title}`, ...sections];
}

async function actionSection(cloud: CloudReference, action: Action): Promise<string> {
  const { id, title, description, example, effect, reversibility, permissions } = action;
  const { calls, mayBreak } = await cloud.preflight(action);
  return [
    `### ${id}`,
    `**${title}.** ${description}`,
    [
      `- ${cloud.defaults.includes(id) ? 'Enabled by default' : `Only when it is listed under ${inlineCode(`${cloud.cloud}.actions`)}`}.`,
      `- Changes ${inlineCode(example.target)}, for example.`,
      `- It ${REVERSIBILITY[reversibility]}.`,
      `- ${EFFECT[effect]}.`,
    ].join('\n'),
    'The calls of the example, as an approver sees them:',
    code('text', calls.map(callText).join('\n')),
    ...(mayBreak.length > 0 ? ['What may break:', mayBreak.map((line) => `- ${line}`).join('\n')] : []),
    permissionTable(permissions),
  ].join('\n\n');
}

function callText({ service, operation, parameters }: PlannedCall): string {
  const given = Object.entries(parameters).map(
    ([name, value]) => `  ${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [`${service} ${operation}`, ...given].join('\n');
}

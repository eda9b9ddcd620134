import { showCommand, type Story } from '../story.ts';

/** Who there is, and that Cordon's own identity may do what its actions need, and is no administrator. */
export async function company(story: Story): Promise<void> {
  const { stage, terminal, checks } = story;
  for (const line of stage.scene.company) terminal.note(line);
  const { asked, allowed } = await stage.scene.administration();
  checks.that(
    asked.length > 0 && allowed.length === 0,
    'Cordon is no administrator',
    allowed.length === 0 ? `it may not ${asked.join(', ')}` : `it may ${allowed.join(', ')}`,
  );
  await showCommand(story, ['doctor']);
  checks.demand();
}

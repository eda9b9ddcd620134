import { tryAll } from '../report.ts';
import type { Attack } from '../scene.ts';
import type { Snapshot } from '../snapshot.ts';
import { expectAllowed, type Story } from '../story.ts';

export interface Attacked extends Attack {
  /** The account as it was before anything was contained. */
  readonly account: Snapshot;
}

/** The leaked credential is really used, and the automation is as busy as the attacker. */
export async function attack(story: Story): Promise<Attacked> {
  const { stage, terminal, checks, report } = story;
  const account = await stage.scene.snapshot();
  const made = await stage.scene.attack();
  terminal.keepSecret(...made.secrets);
  for (const line of made.told) terminal.note(line);
  const { calls, sameOfAutomation } = made;
  checks.that(calls >= 50 && sameOfAutomation === calls, 'Both bursts are of the same size', `${calls} calls each`);
  const got = await tryAll(made.probes, report.credentials, 'before');
  expectAllowed(story, got, 'before', 'The attacker gets through');
  expectAllowed(story, await tryAll(made.bystanders, report.bystanders, 'before'), 'before', 'Works');
  checks.demand();
  return { account, ...made };
}

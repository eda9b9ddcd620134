import type { Probe } from '../attacker.ts';
import { bystanders, discoveryBurst, stealSessions } from '../attacker.ts';
import { awsClients } from '../aws.ts';
import { PLACES } from '../company.ts';
import { tryAll } from '../report.ts';
import { snapshot, type Snapshot } from '../snapshot.ts';
import { expectAllowed, type Story } from '../story.ts';

export interface Attack {
  /** The account as it was before anything was contained. */
  readonly account: Snapshot;
  readonly probes: readonly Probe[];
  readonly bystanders: readonly Probe[];
}

/** The leaked key is really used, and the automation is as busy as the attacker. */
export async function attack(story: Story): Promise<Attack> {
  const { stage, terminal, checks, report } = story;
  const { ministack, company } = stage;
  const account = await snapshot(awsClients(ministack, ministack.root).iam);
  const calls = await discoveryBurst(ministack, company.aliceKeys[0], PLACES.attacker);
  terminal.note(`The attacker made ${calls} calls with alice's leaked key, from ${PLACES.attacker.address}.`);
  const { probes, sessions } = await stealSessions(ministack, company);
  for (const { secretAccessKey, sessionToken = '' } of sessions) terminal.keepSecret(secretAccessKey, sessionToken);
  terminal.note('It minted a session with GetSessionToken and one with AssumeRole, which outlive the key.');
  const same = await discoveryBurst(ministack, company.terraform, PLACES.terraform);
  terminal.note(`terraform-ci made ${same} calls, from ${PLACES.terraform.address}.`);
  checks.that(calls >= 50 && same === calls, 'Both bursts are of the same size', `${calls} calls each`);
  expectAllowed(story, await tryAll(probes, report.credentials, 'before'), 'before', 'The attacker gets through');
  const others = bystanders(ministack, company);
  expectAllowed(story, await tryAll(others, report.bystanders, 'before'), 'before', 'Works');
  checks.demand();
  return { account, probes, bystanders: others };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { guardDutyFinding, runDetection, type Detected } from '../detection.ts';
import type { Story } from '../story.ts';

/** Ids of the alerts that Cordon took in. */
export interface Alerts {
  readonly alice: readonly string[];
  readonly terraform: readonly string[];
}

const sent = z.object({ alerts: z.array(z.object({ alertId: z.string() })).min(1) });

/** A burst over the end of a 15-minute bin is two findings of one identity, so each list may hold more than one. */
export async function alert({ stage, terminal, checks }: Story): Promise<Alerts> {
  const { ministack, company, cordon, directory } = stage;
  const detected = await runDetection(ministack);
  for (const { finding } of detected) terminal.note(findingText(finding));
  const about = (user: string) => detected.filter(({ finding }) => finding.Identity.endsWith(`:user/${user}`));
  const [alice, terraform] = [about('alice'), about('terraform-ci')];
  checks.that(alice.length > 0, "The T1580 rule found the attacker's burst");
  checks.that(terraform.length > 0, 'The T1580 rule found the burst of terraform-ci');
  checks.that(detected.length === alice.length + terraform.length, 'The T1580 rule found nobody else');
  checks.demand();

  const ofAlice: string[] = [];
  for (const { alert: body } of alice) ofAlice.push(await cordon.sendAlert('generic', body));
  terminal.note('alice: POST /v1/alerts/generic, signed (HMAC): 202');
  ofAlice.push(await cordon.sendAlert('guardduty', guardDutyFinding(ministack, company)));
  terminal.note('alice: POST /v1/alerts/guardduty, a recorded GuardDuty finding: 202');
  const ofTerraform: string[] = [];
  for (const [index, { alert: body }] of terraform.entries()) {
    const file = join(directory, `terraform-ci-${index}.json`);
    await writeFile(file, JSON.stringify(body));
    const args = ['alert', 'send', file, '--source', 'generic'];
    terminal.command(args);
    const answer = sent.parse(JSON.parse(await cordon.run(['--json', ...args])));
    ofTerraform.push(...answer.alerts.map(({ alertId }) => alertId));
  }
  return { alice: ofAlice, terraform: ofTerraform };
}

function findingText({ Identity, DiscoveryCount, DistinctAPIs, RiskScore, SourceIPs }: Detected['finding']): string {
  return `${Identity}: ${DiscoveryCount} calls to ${DistinctAPIs} APIs from ${SourceIPs.join(', ')}, score ${RiskScore}`;
}

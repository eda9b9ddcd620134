import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { runDetection, type Detected } from '../detection.ts';
import type { Identity } from '../scene.ts';
import type { Story } from '../story.ts';

/** Ids of the alerts that Cordon took in. */
export interface Alerts {
  readonly suspect: readonly string[];
  readonly automation: readonly string[];
}

const sent = z.object({ alerts: z.array(z.object({ alertId: z.string() })).min(1) });

/** A burst over the end of a 15-minute bin is two findings of one identity, so each list may hold more than one. */
export async function alert(story: Story): Promise<Alerts> {
  const { terminal, checks } = story;
  const { scene } = story.stage;
  const detected = await runDetection(scene);
  const names = new Map([scene.suspect, scene.automation].map(({ name, identity }) => [identity, name]));
  for (const { finding } of detected) terminal.note(findingText(finding, names.get(finding.Identity)));
  const about = ({ identity }: Identity) => detected.filter(({ finding }) => finding.Identity === identity);
  const [suspect, automation] = [about(scene.suspect), about(scene.automation)];
  checks.that(suspect.length > 0, "The T1580 rule found the attacker's burst");
  checks.that(automation.length > 0, `The T1580 rule found the burst of ${scene.automation.name}`);
  checks.that(detected.length === suspect.length + automation.length, 'The T1580 rule found nobody else');
  checks.demand();
  return { suspect: await sendAsDetectors(story, suspect), automation: await sendAsPerson(story, automation) };
}

async function sendAsDetectors({ stage, terminal }: Story, detected: readonly Detected[]): Promise<readonly string[]> {
  const { cordon, scene } = stage;
  const ids: string[] = [];
  for (const { alert: body } of detected) ids.push(await cordon.sendAlert('generic', body));
  terminal.note(`${scene.suspect.name}: POST /v1/alerts/generic, signed (HMAC): 202`);
  if (scene.recorded) {
    const { source, what, body } = scene.recorded;
    ids.push(await cordon.sendAlert(source, body()));
    terminal.note(`${scene.suspect.name}: POST /v1/alerts/${source}, ${what}: 202`);
  }
  return ids;
}

async function sendAsPerson({ stage, terminal }: Story, detected: readonly Detected[]): Promise<readonly string[]> {
  const { cordon, scene, directory } = stage;
  const ids: string[] = [];
  for (const [index, { alert: body }] of detected.entries()) {
    const file = join(directory, `${scene.automation.name}-${index}.json`);
    await writeFile(file, JSON.stringify(body));
    const args = ['alert', 'send', file, '--source', 'generic'];
    terminal.command(args);
    const answer = sent.parse(JSON.parse(await cordon.run(['--json', ...args])));
    ids.push(...answer.alerts.map(({ alertId }) => alertId));
  }
  return ids;
}

function findingText(finding: Detected['finding'], name?: string): string {
  const { Identity, DiscoveryCount, DistinctAPIs, RiskScore, SourceIPs } = finding;
  const who = name === undefined || Identity.includes(name) ? Identity : `${Identity} (${name})`;
  return `${who}: ${DiscoveryCount} calls to ${DistinctAPIs} APIs from ${SourceIPs.join(', ')}, score ${RiskScore}`;
}

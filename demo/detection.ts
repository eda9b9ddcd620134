import { readFile } from 'node:fs/promises';

import { lookUpEvents } from '../src/detections/cloudtrail-events.ts';
import type { GenericAlertBody } from '../src/detections/finding-to-alert.ts';
import { findingToAlert } from '../src/detections/finding-to-alert.ts';
import type { Finding } from '../src/detections/run.ts';
import { detect } from '../src/detections/run.ts';
import { compileDetection } from '../src/detections/sigma.ts';
import recorded from '../src/sources/guardduty/fixtures/event-iam-user.json' with { type: 'json' };
import type { MiniStack } from '../test/support/processes/ministack.ts';
import { awsClients, REGIONS } from './aws.ts';
import type { Company } from './company.ts';
import { PLACES } from './company.ts';

const RULE = new URL('../detections/t1580-aws-cloud-infrastructure-discovery.yml', import.meta.url);
const LOOK_BACK_MS = 3600_000;

export interface Detected {
  readonly finding: Finding;
  readonly alert: GenericAlertBody;
}

/** Cordon's T1580 rule over the last hour of CloudTrail, of every region. */
export async function runDetection(ministack: MiniStack): Promise<readonly Detected[]> {
  const detection = compileDetection(await readFile(RULE, 'utf8'), RULE.pathname);
  const window = { from: new Date(Date.now() - LOOK_BACK_MS), to: new Date() };
  const logs = await Promise.all(
    REGIONS.map((region) => lookUpEvents(awsClients(ministack, ministack.root, undefined, region).cloudtrail, window)),
  );
  if (logs.some(({ truncated }) => truncated)) throw new Error('CloudTrail holds more than the detection reads.');
  const events = logs.flatMap((log) => log.events);
  return detect(events, detection).map((finding) => ({ finding, alert: findingToAlert(finding, detection) }));
}

/** GuardDuty has no emulator: its event as it was recorded, about this alice, her key and now. */
export function guardDutyFinding(ministack: MiniStack, company: Company): unknown {
  const event = structuredClone(recorded);
  const { detail } = event;
  const { accountId } = ministack;
  const [seenMs, now] = [Date.now() - 60_000, new Date().toISOString()];
  const times = { createdAt: new Date(seenMs).toISOString(), updatedAt: now };
  const { service, resource } = detail;
  const { awsApiCallAction } = service.action;
  const remoteIpDetails = { ...awsApiCallAction.remoteIpDetails, ipAddressV4: PLACES.attacker.address };
  return {
    ...event,
    account: accountId,
    time: now,
    detail: {
      ...detail,
      ...times,
      accountId,
      arn: detail.arn.replace(event.account, accountId),
      resource: {
        ...resource,
        accessKeyDetails: {
          ...resource.accessKeyDetails,
          accessKeyId: company.aliceKeys[0].accessKeyId,
          principalId: company.aliceId,
        },
      },
      service: {
        ...service,
        action: { ...service.action, awsApiCallAction: { ...awsApiCallAction, remoteIpDetails } },
        eventFirstSeen: times.createdAt,
        eventLastSeen: now,
      },
    },
  };
}

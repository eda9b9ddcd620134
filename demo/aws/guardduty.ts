import recorded from '../../src/sources/guardduty/fixtures/event-iam-user.json' with { type: 'json' };
import type { MiniStack } from '../../test/support/processes/ministack.ts';
import type { Company } from './company.ts';
import { PLACES } from './company.ts';

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

import { z } from 'zod';

import type { ChangeDetails } from '../../../domain/evidence.ts';
import type { LogEvent } from '../log/event.ts';
import { ACCESS_KEY_ID, ROLE_NAME, USER_NAME } from '../names.ts';

export const POLICY_ARN = /^arn:aws:iam::(?:aws|\d{12}):policy\/[\w+=,.@/-]{1,512}$/u;
export const POLICY_NAME = /^[\w+=,.@-]{1,128}$/u;

const one = (form: RegExp) => z.string().regex(form).optional().catch(undefined);
const parameters = z.object({
  userName: one(USER_NAME),
  roleName: one(ROLE_NAME),
  policyArn: one(POLICY_ARN),
  policyName: one(POLICY_NAME),
});

/** What an event of IAM names, as far as it has IAM's own form: whatever else stands in the request is left out. */
export function detailsOf(event: LogEvent): ChangeDetails {
  if (event.service !== 'iam') return {};
  const { userName, roleName, policyArn, policyName } = parameters.parse(event.parameters);
  const createdKeyId = ACCESS_KEY_ID.test(event.createdKeyId) ? event.createdKeyId : undefined;
  return {
    ...(userName === undefined ? {} : { userName }),
    ...(roleName === undefined ? {} : { roleName }),
    ...(policyArn === undefined ? {} : { policyArn }),
    ...(policyName === undefined ? {} : { policyName }),
    ...(createdKeyId === undefined ? {} : { accessKeyId: createdKeyId }),
  };
}

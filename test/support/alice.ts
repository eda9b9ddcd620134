import type { Principal } from '../../src/domain/principal.ts';

/** An IAM user of an account that nobody has. */
export const ALICE = {
  cloud: 'aws',
  kind: 'iam-user',
  accountId: '123456789012',
  name: 'alice',
  arn: 'arn:aws:iam::123456789012:user/alice',
} as const satisfies Principal;

import { expect, test } from 'vitest';

import { configSchema } from './schema.ts';
import { SecretError } from './secrets.ts';
import { checkCredentials } from './tokens.ts';

const config = configSchema.parse({
  sources: {
    generic: { type: 'hmac', secret: { env: 'A' } },
    guardduty: { type: 'bearer', secret: { env: 'B' } },
  },
  approvers: [
    { id: 'dana', name: 'Dana', token: { env: 'C' } },
    { id: 'erin', name: 'Erin', token: { env: 'D' } },
    { id: 'slack-only', name: 'Kim', slackUserId: 'U024BE7LH' },
  ],
});
const GOOD = {
  generic: 'any text may sign: ! " ä €',
  guardduty: 'token-of-guardduty',
  dana: 'A.b~c+d/e=f-g_h0',
  erin: 'f'.repeat(64),
};

function check(change: Partial<Record<keyof typeof GOOD, string>>) {
  const { generic, guardduty, dana, erin } = { ...GOOD, ...change };
  checkCredentials(config, { sources: { generic, guardduty }, approvers: { dana, erin } });
}

test('what is long, sendable and distinct passes', () => {
  expect(() => check({})).not.toThrow();
});

test.each([
  [{ dana: 'with-an-exclamation!' }, "the approver dana can't be sent"],
  [{ erin: 'with:a:colon:inside' }, "the approver erin can't be sent"],
  [{ guardduty: 'with a space inside' }, "the source guardduty can't be sent"],
  [{ erin: 'f'.repeat(4097) }, "the approver erin can't be sent"],
  [{ dana: 'fifteen-letters' }, 'the approver dana has fewer than 16'],
  [{ generic: 'x' }, 'the source generic has fewer than 16'],
  [{ dana: '' }, 'the approver dana is configured and not there'],
  [{ dana: GOOD.erin }, 'the approver erin has the same secret as the approver dana'],
  [{ dana: GOOD.guardduty }, 'the approver dana has the same secret as the source guardduty'],
  [{ dana: 'hmac-and-approver-in-one', generic: 'hmac-and-approver-in-one' }, 'the same secret as the source generic'],
  [{ generic: GOOD.guardduty }, 'the source guardduty has the same secret as the source generic'],
] as const)('%j does not start, and the value is not told', (change, told) => {
  const failure = failureOf(() => check(change));
  expect(failure).toBeInstanceOf(SecretError);
  expect(failure.message).toContain(told);
  for (const value of Object.values(change)) if (value.length > 1) expect(failure.message).not.toContain(value);
});

test('every problem is told at once', () => {
  const { message } = failureOf(() => check({ generic: 'x', dana: 'y', erin: '!' }));
  for (const whose of ['source generic', 'approver dana', 'approver erin']) expect(message).toContain(whose);
});

function failureOf(run: () => void): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not throw.');
}

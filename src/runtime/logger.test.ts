import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createLogger } from './logger.ts';

function logged(write: (log: ReturnType<typeof createLogger>) => void, secrets: readonly string[] = []): string {
  let text = '';
  write(createLogger({ level: 'debug', secrets, write: (line) => (text += line) }));
  return text;
}

describe('the log', () => {
  it('stays one JSON object a line, in plain visible characters, whatever is logged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, value) => {
        const line = logged((log) => log.info({ [`x${key}`]: value }, value));
        expect(line.match(/\n/gu)).toHaveLength(1);
        expect(line.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(() => JSON.parse(line)).not.toThrow();
      }),
    );
  });

  const awsSecret = ['wJalrXUtnFEMI', 'K7MDENG', 'bPxRfiCYEXAMPLEKEY'].join('/');
  const slackToken = ['xoxb', '123456789012', 'abcdefABCDEF'].join('-');
  const privateKey = ['-----BEGIN PRIVATE', 'KEY-----\nMC4CAQAwBQYDK2VwBCIEIabc\n-----END PRIVATE', 'KEY-----\n'].join(
    ' ',
  );
  it.each([
    ['an AWS secret key in a message', (secret: string) => ({ note: `was ${secret}.` }), awsSecret],
    ['a Slack token in an error', (secret: string) => ({ err: new Error(`refused ${secret}`) }), slackToken],
    ['a private key', (secret: string) => ({ deep: { er: [secret] } }), privateKey],
    [
      'an authorization header',
      (secret: string) => ({ req: { headers: { Authorization: secret } } }),
      'Bearer abcdef123',
    ],
    [
      'a password in JSON in a string',
      (secret: string) => ({ body: JSON.stringify({ password: secret }) }),
      'hunter2!',
    ],
    ['a password with a quote', (secret: string) => ({ password: secret }), 'hunter"2-and-more'],
    ['a session token', (secret: string) => ({ t: secret }), 'FwoGZXIvYXdzE'.repeat(20)],
  ])('never shows %s', (_, carry, secret) => {
    const line = logged((log) => log.error(carry(secret), 'x'));
    expect(line).toContain('[redacted]');
    for (const part of secret.split('\n'))
      if (part.length > 9) expect(line).not.toContain(part.replace(/^Bearer /u, ''));
    expect(() => JSON.parse(line)).not.toThrow();
  });

  it('never shows a secret that the process holds, whatever it looks like', () => {
    const line = logged((log) => log.info({ a: 'so plain" a\nsecret here' }), ['plain" a\nsecret']);
    expect(JSON.parse(line).a).toBe('so [redacted] here');
  });

  it('leaves ids and digests alone', () => {
    const ids = [
      'al_0123456789abcdef0123456789abcdef',
      'a'.repeat(40),
      '0123456789abcdef'.repeat(4),
      'AKIAIOSFODNN7EXAMPLE',
    ];
    expect(JSON.parse(logged((log) => log.info({ ids }))).ids).toEqual(ids);
  });
});

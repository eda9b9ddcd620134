import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createCipher } from './cipher.ts';

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const cipher = createCipher([oldKey]);

describe('the cipher', () => {
  it('opens what it sealed, in the same context only', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), fc.string(), (plain, context, other) => {
        const sealed = cipher.seal(plain, context);
        expect(Uint8Array.from(cipher.open(sealed, context))).toEqual(plain);
        if (other !== context) expect(() => cipher.open(sealed, other)).toThrow('belongs elsewhere');
      }),
    );
  });

  it('notices every single bit that was changed, the header included', () => {
    const sealed = cipher.seal(Buffer.from('secret'), 'here');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => cipher.open(changed, 'here'), `bit ${bit}`).toThrow(/sealed/u);
    }
    for (let length = 0; length < sealed.length; length++)
      expect(() => cipher.open(sealed.subarray(0, length), 'here'), `cut to ${length}`).toThrow(/sealed/u);
  });

  it('never seals the same text to the same bytes', () => {
    const sealed = Array.from({ length: 50 }, () => Buffer.from(cipher.seal(Buffer.from('x'), 'c')).toString('hex'));
    expect(new Set(sealed).size).toBe(50);
  });

  it('seals with the first key and opens with all of them', () => {
    const before = cipher.seal(Buffer.from('old'), 'c');
    const rotated = createCipher([newKey, oldKey]);
    const after = rotated.seal(Buffer.from('new'), 'c');
    expect(Buffer.from(rotated.open(before, 'c')).toString()).toBe('old');
    expect(rotated.keyId).not.toBe(cipher.keyId);
    expect(() => cipher.open(after, 'c')).toThrow(`sealed with the key ${rotated.keyId}`);
  });

  it('takes keys of 32 bytes, and at least one', () => {
    expect(() => createCipher([])).toThrow('No encryption key');
    expect(() => createCipher([randomBytes(16)])).toThrow('32 bytes');
  });
});

import { expect, test } from 'vitest';

import { lackingSearchAttributes, registerSearchAttributes, type OperatorConnection } from './search-attributes.ts';

/** As the Cloud: what its namespace has is its own affair. `code` is that of gRPC. */
function refusing(call: 'listSearchAttributes' | 'addSearchAttributes', code: number) {
  const calls: string[] = [];
  const answer = (name: string) => async () => {
    calls.push(name);
    if (name === call) throw Object.assign(new Error('not on this service'), { code });
    return { customAttributes: {} };
  };
  const operatorService = {
    listSearchAttributes: answer('listSearchAttributes'),
    addSearchAttributes: answer('addSearchAttributes'),
  } as unknown as OperatorConnection['operatorService'];
  return { calls, connection: { operatorService } };
}

test('what is missing and may not be added stops the worker, with the command for either kind of Temporal', async () => {
  const { connection } = refusing('addSearchAttributes', 7);
  const registering = registerSearchAttributes(connection, 'prod.a1b2c');
  await expect(registering).rejects.toThrow('tcld namespace search-attributes add --namespace prod.a1b2c');
  await expect(registering).rejects.toThrow('--search-attribute "CordonTechnique=KeywordList"');
  await expect(registering).rejects.toThrow('temporal operator search-attribute create --namespace prod.a1b2c');
  await expect(registering).rejects.toHaveProperty('cause.message', 'not on this service');
});

test.each([7, 12])(
  'where they can not be looked at (%i) it goes on, and tells; nothing is added blindly',
  async (code) => {
    const { connection, calls } = refusing('listSearchAttributes', code);
    expect(await registerSearchAttributes(connection, 'default')).toContain('not on this service');
    expect(calls).toEqual(['listSearchAttributes']);
  },
);

test('a Temporal that is away is no refusal', async () => {
  const { connection } = refusing('listSearchAttributes', 14);
  await expect(registerSearchAttributes(connection, 'default')).rejects.toThrow('not on this service');
  await expect(lackingSearchAttributes(connection, 'default')).rejects.toThrow('not on this service');
});

import { CreateAccessKeyCommand, GetUserCommand } from '@aws-sdk/client-iam';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { AwsClients } from './clients.ts';
import { createAwsClients } from './clients.ts';

let answer: (response: ServerResponse, request: number) => void;
let requests = 0;
let clients: AwsClients;
const server = createServer((_, response) => answer(response, ++requests));

beforeEach(async () => {
  requests = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  clients = createAwsClients({
    region: 'us-east-1',
    logRegions: ['eu-west-1'],
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    callTimeoutMs: 150,
  });
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const read = () => clients.iam.send(new GetUserCommand({ UserName: 'alice' }));
const create = () => clients.creating.iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
const silence = () => {};
const busy = (response: ServerResponse) => response.writeHead(503).end();

describe('the clients', () => {
  it('try a read again, and give up in bounded time', async () => {
    answer = (response, request) =>
      request < 3
        ? busy(response)
        : response.end(
            '<GetUserResponse><GetUserResult><User><UserName>alice</UserName></User></GetUserResult></GetUserResponse>',
          );
    expect((await read()).User?.UserName).toBe('alice');
    requests = 0;
    answer = silence;
    await expect(read()).rejects.toMatchObject({ type: 'TimedOut' });
    expect(requests).toBe(3);
  });

  it.each([
    ['no answer', silence],
    ['a broken connection', (response: ServerResponse) => response.destroy()],
    ['a server error', busy],
  ])('never repeat a creating call, whose outcome is unknown after %s', async (_, how) => {
    answer = how;
    await expect(create()).rejects.toMatchObject({ type: 'OutcomeUnknown' });
    expect(requests).toBe(1);
  });

  it('read the log of us-east-1 besides the regions asked for: IAM writes its events there', () => {
    expect([...clients.cloudtrail.keys()]).toEqual(['eu-west-1', 'us-east-1']);
  });
});

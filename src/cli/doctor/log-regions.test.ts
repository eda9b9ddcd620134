import { expect, it } from 'vitest';

import { configSchema } from '../../config/schema.ts';
import { logRegionsCheck } from './log-regions.ts';

const account = {
  accountId: '210987654321',
  roleArn: 'arn:aws:iam::210987654321:role/cordon',
  externalId: 'external-id',
};
const found = (aws: object) => logRegionsCheck(configSchema.parse({ aws })).run();

it('warns while one region alone is read, and names what to do', async () => {
  expect(await found({})).toEqual([
    {
      check: 'log regions',
      status: 'warning',
      detail: expect.stringContaining('alone'),
      remedy: expect.any(String),
    },
  ]);
});

it.each([[['eu-central-1']], [['us-east-1', 'eu-central-1']]])('names the regions: %s', async (logRegions) => {
  expect(await found({ logRegions })).toEqual([
    { check: 'log regions', status: 'ok', detail: expect.stringContaining('eu-central-1, us-east-1') },
  ]);
});

it('looks at an account that has regions of its own', async () => {
  const accounts = [
    { ...account, logRegions: ['us-east-1'] },
    { ...account, accountId: '333333333333' },
  ];
  expect(await found({ logRegions: ['eu-central-1'], accounts })).toMatchObject([
    { check: 'log regions', status: 'ok' },
    { check: 'log regions 210987654321', status: 'warning' },
  ]);
});

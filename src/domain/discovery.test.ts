import { expect, test } from 'vitest';

import { burstRisk, isDiscoveryApi } from './discovery.ts';

test.each([
  [50, 10, 90],
  [49, 10, 70],
  [50, 9, 70],
  [20, 7, 70],
  [19, 7, 50],
  [20, 6, 50],
  [1, 5, 50],
  [10, 1, 50],
  [9, 4, 30],
  [1000, 4, 50],
])('%i calls to %i APIs score %i', (count, distinct, score) => {
  expect(burstRisk(count, distinct)).toBe(score);
});

test('both spellings count, and nothing inherited does', () => {
  for (const name of ['ListFunctions', 'ListFunctions20150331', 'GetPublicAccessBlock', 'GetBucketPublicAccessBlock'])
    expect(isDiscoveryApi('aws', name)).toBe(true);
  for (const name of ['', 'toString', 'RunInstances', 'describeinstances'])
    expect(isDiscoveryApi('aws', name)).toBe(false);
});

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { enabledActions } from '../../../src/config/clouds.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { CLOUDS, type Cloud } from '../../../src/domain/cloud.ts';
import { isResourceName } from '../../../src/domain/resource-name.ts';
import type { ActionFacts } from '../../../src/providers/action-definition.ts';
import { AWS_ACTIONS } from '../../../src/providers/aws/actions/index.ts';
import { isOfIdentityCenter } from '../../../src/providers/aws/identity-center/permissions.ts';
import { AZURE_ACTIONS } from '../../../src/providers/azure/actions/index.ts';
import { GCP_ACTIONS } from '../../../src/providers/gcp/actions/index.ts';
import { UNDER_CONTRACT } from './actions.ts';

type Registry = Readonly<Record<string, { readonly facts: ActionFacts }>>;

/** With what a section needs beside its actions. */
const REGISTRIES: Readonly<Record<Cloud, { readonly registry: Registry; readonly section: object }>> = {
  aws: { registry: AWS_ACTIONS, section: {} },
  azure: {
    registry: AZURE_ACTIONS,
    section: {
      tenantId: '11111111-2222-4333-8444-555555555555',
      subscriptions: ['99999999-2222-4333-8444-555555555555'],
    },
  },
  gcp: { registry: GCP_ACTIONS, section: { projects: ['example-project'] } },
};

describe.each(CLOUDS)('the registry of %s', (cloud) => {
  const { registry, section } = REGISTRIES[cloud];
  const ids = Object.keys(registry);
  const facts = Object.entries(registry).map(([id, definition]) => [id, definition.facts] as const);
  const enables = (...actions: readonly string[]) =>
    configSchema.safeParse({ [cloud]: { ...section, actions } }).success;

  it('is equal to the folders', () => {
    const folder = new URL(`../../../src/providers/${cloud}/actions`, import.meta.url);
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(entries.map(({ name }) => name).toSorted()).toEqual(ids.toSorted());
  });

  it('is equal to what the configuration may enable, each by itself', () => {
    expect(enables(...ids)).toBe(true);
    expect(ids.filter((id) => !enables(id))).toEqual([]);
    expect(enables('no-such-action')).toBe(false);
  });

  it('is under contract as a whole', () => {
    expect(UNDER_CONTRACT[cloud].map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  });

  it.each(facts)('%s is whole', (id, { example, ...one }) => {
    expect(one).toMatchObject({ id, cloud });
    expect(one.description.length).toBeGreaterThan(80);
    for (const text of [one.title, one.proof, one.survives]) expect(text.length).toBeGreaterThan(5);
    expect(one.permissions.length).toBeGreaterThan(0);
    expect(one.permissions.filter(({ name, resource, purpose }) => !(name && resource && purpose))).toEqual([]);
    expect(example).toMatchObject({ action: id, cloud, accountId: example.principal.accountId });
    expect(isResourceName(example.target)).toBe(true);
  });
});

it('asks for nothing of Identity Center where there is none', () => {
  const aws = { actions: Object.keys(AWS_ACTIONS), identityCenter: undefined };
  const config = configSchema.parse({ aws });
  const without = new Set(enabledActions(config, 'aws'));
  const ofIdentityCenter = Object.values(AWS_ACTIONS).filter(({ facts }) => facts.permissions.some(isOfIdentityCenter));
  expect(Object.keys(AWS_ACTIONS).filter((id) => !without.has(id))).toEqual(
    ofIdentityCenter.map(({ facts }) => facts.id),
  );
});

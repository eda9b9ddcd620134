import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { KIND_TITLES } from '../../src/domain/principal.ts';
import { actionsPage } from './actions.ts';
import { CLOUD_REFERENCES } from './clouds.ts';
import { coveragePage } from './coverage.ts';
import { permissionsPage } from './permissions.ts';

const actions = CLOUD_REFERENCES.flatMap((cloud) => cloud.actions.map((action) => [action.id, action, cloud] as const));

describe('the reference of all clouds', () => {
  it.each(CLOUD_REFERENCES.map((cloud) => [cloud.cloud, cloud] as const))(
    'has every action of %s',
    async (name, cloud) => {
      const folder = new URL(`../../src/providers/${name}/actions`, import.meta.url);
      const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      const pages = [await actionsPage(), permissionsPage(), coveragePage()];
      for (const { name: id } of folders)
        for (const page of pages) expect(page, id).toMatch(new RegExp(`(?:### |\\| \\[)${id}\\b`, 'u'));
      expect(cloud.actions).toHaveLength(folders.length);
    },
  );

  it.each(actions)('%s: its example is something to do, and shows every call', async (_id, action, cloud) => {
    const { calls, obstacles, alreadySo } = await cloud.preflight(action);
    expect({ obstacles, alreadySo }).toEqual({ obstacles: [], alreadySo: false });
    expect(calls.length).toBeGreaterThan(0);
  });

  it('says of every kind of identity what contains it, or what a person does', () => {
    const sections = new Map(
      coveragePage()
        .split('\n### ')
        .map((section) => [section.split('\n')[0], section]),
    );
    const kinds = CLOUD_REFERENCES.flatMap(({ title, principals }) =>
      principals.map(({ kind }) => ({ kind, section: sections.get(`${title}: ${KIND_TITLES[kind]}`) })),
    );
    expect(kinds.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(KIND_TITLES).toSorted());
    for (const { kind, section } of kinds) expect(section, kind).toMatch(/^(?:\| \[|- .{40})/mu);
  });

  it('is the same however often it is made', async () => {
    expect(await actionsPage()).toBe(await actionsPage());
    expect(coveragePage()).toBe(coveragePage());
  });
});

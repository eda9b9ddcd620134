import { readFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

/** A proxy that is set up by the page must not cut off the command line: that shows at night only. */
it('deploy.md names every path of the server among those that a proxy passes on, or keeps back', async () => {
  const { paths } = JSON.parse(await read('docs/generated/openapi.json')) as { paths: Record<string, unknown> };
  const section = (await read('docs/deploy.md')).split('## 6. Reach and watch')[1] ?? '';
  const table = section.split('\n').filter((line) => line.startsWith('|'));
  const listed = table.flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`(\/[^`]+)`/gu)].map(([, path]) => path),
  );
  const covered = (path: string) =>
    listed.some((one = '') =>
      one.endsWith('…')
        ? path.startsWith(one.slice(0, -1))
        : path.split('/').length === one.split('/').length && path.startsWith(one.replace(/SOURCE$/u, '')),
    );
  expect(Object.keys(paths).length).toBeGreaterThan(10);
  expect(Object.keys(paths).filter((path) => !covered(path))).toEqual([]);
});

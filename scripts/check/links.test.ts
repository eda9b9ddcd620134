import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { brokenLinks } from './links.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cordon-links-'));
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  mkdirSync(join(root, 'docs'));
  writeFileSync(join(root, 'docs/page.md'), '# The `first` heading\n\n```\n# not one\n```\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const broken = (text: string) => {
  writeFileSync(join(root, 'README.md'), text);
  return brokenLinks(root);
};

describe('a link', () => {
  it.each([
    '[a](docs/page.md)',
    '[a](./docs/)',
    '[a](docs/page.md#the-first-heading)',
    '[a](docs/page.md "title")',
    '[a](#here)\n\n# Here',
    '[a](/docs/page.md)',
    '[a](https://example.com/no/file)',
    '[a](mailto:a@example.com)',
    '`[a](nowhere.md)`',
    '```\n[a](nowhere.md)\n```',
    '[a][b]\n\n[b]: docs/page.md',
  ])('%s leads somewhere', async (text) => {
    expect(await broken(text)).toEqual([]);
  });

  it.each([
    ['[a](nowhere.md)', 'README.md:1: nowhere.md: no such file'],
    ['one\n\n[a](docs/page.md#second)', 'README.md:3: docs/page.md#second: no such heading'],
    ['[a](docs/page.md#not-one)', 'README.md:1: docs/page.md#not-one: no such heading'],
    ['[a](../outside.md)', 'README.md:1: ../outside.md: leads out of the repository'],
    ['```\ncode\n```\n[a](nowhere.md)', 'README.md:4: nowhere.md: no such file'],
    ['[![badge](nowhere.svg)](https://example.com)', 'README.md:1: nowhere.svg: no such file'],
    ['[a][b]\n\n[b]: nowhere.md', 'README.md:3: nowhere.md: no such file'],
  ])('%s is broken', async (text, problem) => {
    expect(await broken(text)).toEqual([problem]);
  });
});

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** `[text](target)` and `[id]: target` outside code; the address only, without a title. */
const LINK = /\]\(\s*<?([^)\s>]+)>?[^)]*\)|^[ \t]*\[[^\]]+\]:\s+<?([^\s>]+)>?/gm;
const CODE = /^(```|~~~).*?^\1|`[^`\n]*`/gms;
const EXTERNAL = /^([a-z][a-z0-9+.-]*:|\/\/)/i;

/** One line a link of a tracked or new *.md file that leads to no file of the repository, or to no heading of a page. */
export async function brokenLinks(root: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'],
    { cwd: root },
  );
  const pages = stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
  const broken = await Promise.all(pages.map((page) => brokenOn(root, page)));
  return broken.flat();
}

async function brokenOn(root: string, page: string): Promise<readonly string[]> {
  const text = withoutCode(await readFile(join(root, page), 'utf8'));
  const broken: string[] = [];
  for (const match of text.matchAll(LINK)) {
    const target = match[1] ?? match[2] ?? '';
    if (EXTERNAL.test(target)) continue;
    const line = text.slice(0, match.index).split('\n').length;
    const reason = await whyBroken(root, page, target);
    if (reason) broken.push(`${page}:${line}: ${target}: ${reason}`);
  }
  return broken;
}

async function whyBroken(root: string, page: string, target: string): Promise<string | undefined> {
  const [path = '', anchor] = target.split('#', 2);
  const file = path === '' ? join(root, page) : join(root, path.startsWith('/') ? '' : dirname(page), decode(path));
  if (!file.startsWith(root)) return 'leads out of the repository';
  if (!existsSync(file)) return 'no such file';
  if (!anchor || !file.endsWith('.md')) return undefined;
  const headings = withoutCode(await readFile(file, 'utf8'), '').matchAll(/^#+\s+(.+)$/gm);
  const known = [...headings].map((heading) => slug(heading[1] ?? ''));
  return known.includes(anchor) ? undefined : 'no such heading';
}

/** Code spans are blanked with their line breaks kept, so that line numbers stay right. */
function withoutCode(text: string, spans = ' '): string {
  return text.replace(CODE, (code) => (code.includes('\n') ? code.replace(/[^\n]/g, ' ') : spans || code));
}

/** The anchor that code hosts make of a heading. */
function slug(heading: string): string {
  const text = heading.trim().toLowerCase();
  return text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const ROOT = dirname(dirname(import.meta.dirname));

/** The settings that the nets consist of. */
const SETTINGS = ['.oxlintrc.json', 'package.json', 'tsconfig.json', 'workflows/tsconfig.json'];

export interface Sketch extends AsyncDisposable {
  readonly root: string;
}

/**
 * A small project outside the checkout with our own settings and the given files, to see a net catch something (or let it
 * through). Packages are ours, unless `files` has some under node_modules/: then there are only those.
 */
export async function sketch(files: Readonly<Record<string, string>>): Promise<Sketch> {
  const root = await mkdtemp(join(tmpdir(), 'cordon-net-'));
  const place = async (file: string): Promise<string> => {
    const path = join(root, file);
    await mkdir(dirname(path), { recursive: true });
    return path;
  };
  for (const file of SETTINGS) await copyFile(join(ROOT, file), await place(file));
  for (const [file, text] of Object.entries(files)) await writeFile(await place(file), text);
  const hasPackages = Object.keys(files).some((file) => file.startsWith('node_modules/'));
  if (!hasPackages) await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

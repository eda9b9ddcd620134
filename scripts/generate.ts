// Files that are made from code. `npm run generate` writes them; with --check (part of `npm run check`) it names stale ones.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { actionsPage } from './generate/actions.ts';
import { alertJsonSchema, alertSchemaPage } from './generate/alert-schema.ts';
import { cliPage } from './generate/cli.ts';
import { configurationPage } from './generate/configuration.ts';
import { coveragePage } from './generate/coverage.ts';
import { openApi } from './generate/openapi.ts';
import { awsPolicy, permissionsPage } from './generate/permissions.ts';

const ROOT = dirname(import.meta.dirname);

/** Path in the repository -> its content. A new generated file is one line here. */
const GENERATED: Readonly<Record<string, () => string | Promise<string>>> = {
  'config/cordon.schema.json': () => json(configJsonSchema()),
  'docs/generated/actions.md': actionsPage,
  'docs/generated/alert-schema.json': () => json(alertJsonSchema()),
  'docs/generated/alert-schema.md': alertSchemaPage,
  'docs/generated/aws-policy.json': () => json(awsPolicy()),
  'docs/generated/cli.md': cliPage,
  'docs/generated/configuration.md': configurationPage,
  'docs/generated/coverage.md': coveragePage,
  'docs/generated/openapi.json': async () => json(await openApi()),
  'docs/generated/permissions.md': permissionsPage,
};

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== '--check');
  if (unknown !== undefined) {
    console.error(`Unknown argument ${unknown}\nUsage: node scripts/generate.ts [--check]`);
    return 2;
  }
  let stale = 0;
  for (const [file, make] of Object.entries(GENERATED)) {
    const path = join(ROOT, file);
    const wanted = await make();
    const found = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found === wanted) continue;
    stale += 1;
    if (args.includes('--check')) {
      console.log(`${file} ${found === undefined ? 'is missing' : 'is not what the code generates'}`);
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, wanted);
    console.log(`${file} written`);
  }
  if (stale === 0) return 0;
  if (!args.includes('--check')) return 0;
  console.log('Run `npm run generate` and commit the result.');
  return 1;
}

process.exitCode = await main(process.argv.slice(2));

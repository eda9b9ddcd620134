// `npm run check`: everything about the code that needs no test run. One line a check, and the output of those that fail.
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { brokenLinks } from './check/links.ts';
import { runNode, runTool, type Outcome } from './check/tool.ts';

const ROOT = dirname(import.meta.dirname);
const CODE = ['src', 'workflows', 'activities', 'worker', 'demo', 'bench', 'scripts', 'test'];

interface Check {
  /** What it holds, in the words of the help text. */
  readonly holds: string;
  readonly run: () => Promise<Outcome>;
}

const tool = (name: string, ...args: string[]) => ({ run: () => runTool(ROOT, name, args) });

const CHECKS: Readonly<Record<string, Check>> = {
  types: { holds: 'TypeScript, strict', ...tool('tsc', '-p', '.') },
  sandbox: { holds: 'workflows compile without the types of Node', ...tool('tsc', '-p', 'workflows') },
  lint: { holds: 'oxlint with type-aware rules', ...tool('oxlint', '--type-aware') },
  format: { holds: 'oxfmt', ...tool('oxfmt', '--check') },
  arrows: { holds: 'imports point one way (dependency-cruiser)', ...tool('depcruise', ...CODE) },
  unused: { holds: 'no unused file, export or dependency (knip)', ...tool('knip', '--no-progress') },
  generated: {
    holds: 'generated files are what the code generates',
    run: () => runNode(ROOT, ['scripts/generate.ts', '--check']),
  },
  links: {
    holds: 'relative links of the pages lead somewhere',
    run: async () => {
      const broken = await brokenLinks(ROOT);
      return { passed: broken.length === 0, output: broken.join('\n') };
    },
  },
};

interface Report extends Outcome {
  readonly name: string;
  readonly seconds: number;
}

async function report(name: string, check: Check): Promise<Report> {
  const startedMs = performance.now();
  const outcome = await check.run().catch((error: unknown) => ({ passed: false, output: String(error) }));
  return { name, seconds: Math.round((performance.now() - startedMs) / 100) / 10, ...outcome };
}

/** As many at a time as there are cores: each tool is busy by itself, and some use several. */
async function runAll(names: readonly string[], done: (report: Report) => void): Promise<readonly Report[]> {
  const waiting = [...names];
  const reports: Report[] = [];
  const lane = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const check = CHECKS[name];
      if (!check) throw new Error(`No check is called ${name}`);
      const finished = await report(name, check);
      reports.push(finished);
      done(finished);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, lane));
  return reports;
}

function print({ name, passed, seconds, output }: Report): void {
  console.log(`${passed ? 'ok  ' : 'FAIL'}  ${name.padEnd(9)}  ${seconds.toFixed(1).padStart(5)} s`);
  if (!passed) console.log(output.replace(/^/gm, '      '));
}

function help(): string {
  const lines = Object.entries(CHECKS).map(([name, { holds }]) => `  ${name.padEnd(9)}  ${holds}`);
  return `Usage: npm run check -- [--only NAME]... [--json]

${lines.join('\n')}

  --only NAME  this check only; may be given several times
  --json       the report as JSON on standard output
Exit status: 0 all hold, 1 one does not, 2 usage.`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help());
    return 0;
  }
  const unknown = values.only?.find((name) => !(name in CHECKS));
  if (unknown !== undefined) throw new TypeError(`No check is called ${unknown}`);
  const reports = await runAll(values.only ?? Object.keys(CHECKS), values.json ? () => {} : print);
  const failed = reports.filter(({ passed }) => !passed);
  if (values.json) console.log(JSON.stringify({ passed: failed.length === 0, checks: reports }, null, 2));
  else console.log(`\n${reports.length - failed.length} of ${reports.length} checks hold.`);
  return failed.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help()}`);
  process.exitCode = 2;
}

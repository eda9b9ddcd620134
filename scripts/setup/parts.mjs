// The four things the set-up provides. Each part says where it is (`find`, without network or other programs) and makes it.
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { installOnce, withLock } from './cache.mjs';
import { quoted, runTool } from './tool.mjs';

const MINUTE_MS = 60_000;
const SDK_DOWNLOAD_LIMIT_MS = 25_000;

/**
 * @typedef {{ root: string, cache: string, env: NodeJS.ProcessEnv, pins: typeof import('../pins.json'),
 *   nodeVersion: string, nodePath: string, platform: string }} Machine `nodeVersion` and `nodePath` are those of the Node that runs us.
 * @typedef {{ path?: string, note: string }} Found
 * @typedef {{ name: string, find: (machine: Machine) => Found | undefined, install: (machine: Machine) => Promise<void> }} Part
 */

/** Node as the product and its test runner need it: it runs TypeScript as it is, and is a line that gets long-term support. */
export function nodeIsSupported(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (major === 22 && minor >= 18) || (major >= 24 && major % 2 === 0);
}

/** The environment in which our Node comes first, for npm, whose first line asks for `node` on PATH. @param {Machine} machine */
export function environmentWithNode(machine) {
  const path = node.find(machine)?.path ?? machine.nodePath;
  return { ...machine.env, PATH: [dirname(path), machine.env.PATH].filter(Boolean).join(delimiter) };
}

/** @type {Part} */
export const node = {
  name: 'Node',
  find({ nodeVersion, nodePath, ...machine }) {
    if (nodeIsSupported(nodeVersion)) return { path: nodePath, note: `${nodeVersion}, the machine's` };
    const cached = cachedNode(machine);
    return cached && existsSync(cached.path)
      ? { path: cached.path, note: `${cached.version}, from the cache` }
      : undefined;
  },
  async install(machine) {
    const wanted = cachedNode(machine);
    const remedy = 'Install Node 24 (https://nodejs.org) so that "node" on PATH is it.';
    if (!wanted)
      throw new Error(
        `Node ${machine.nodeVersion} is too old and no Node package is known for ${machine.platform}. ${remedy}`,
      );
    await installOnce(wanted.target, async (directory) => {
      const args = [
        'install',
        '--prefix',
        directory,
        '--no-save',
        '--no-package-lock',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        wanted.spec,
      ];
      const installed = await runTool('npm', args, {
        title: `Node ${wanted.version}: npm install ${wanted.spec}`,
        limitMs: 10 * MINUTE_MS,
        env: machine.env,
      });
      if (!installed.ok)
        throw new Error(failure([installed], `Node ${machine.nodeVersion} is older than 22.18. ${remedy}`));
      const binary = wanted.path.replace(wanted.target, directory);
      const runs = await runTool(binary, ['--version'], { title: `Node ${wanted.version}`, limitMs: MINUTE_MS });
      if (!runs.ok || runs.tail !== `v${wanted.version}`)
        throw new Error(failure([{ problem: 'the installed Node does not run here', ...runs }], remedy));
    });
  },
};

/** @param {Pick<Machine, 'cache' | 'pins' | 'platform'>} machine */
function cachedNode({ cache, pins, platform }) {
  const spec = pins.node[platform];
  if (!spec) return undefined;
  const [name, version] = spec.split('@');
  const target = join(cache, `node-${version}`);
  return { spec, version, target, path: join(target, 'node_modules', name, 'bin', 'node') };
}

/** @type {Part} */
export const dependencies = {
  name: 'npm dependencies',
  find(machine) {
    const stamp = stampPath(machine);
    const current = existsSync(stamp) && readFileSync(stamp, 'utf8') === expectedStamp(machine);
    return current ? { note: 'as package-lock.json says' } : undefined;
  },
  async install(machine) {
    const lockName = createHash('sha256').update(machine.root).digest('hex').slice(0, 16);
    await withLock(join(machine.cache, `npm-ci-${lockName}`), async () => {
      if (dependencies.find(machine)) return;
      const stamp = expectedStamp(machine); // before: a lock file that changes meanwhile must not count as installed
      const options = {
        title: 'npm dependencies: npm ci',
        limitMs: 20 * MINUTE_MS,
        env: environmentWithNode(machine),
        cwd: machine.root,
      };
      const installed = await runTool('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], options);
      if (!installed.ok)
        throw new Error(
          failure([installed], 'Check that the npm registry can be reached ("npm ping"), then try again.'),
        );
      await writeFile(stampPath(machine), stamp);
    });
  },
};

/** In node_modules, which npm ci empties first: an interrupted one has no stamp. */
const stampPath = ({ root }) => join(root, 'node_modules', '.cordon-setup');

function expectedStamp(machine) {
  const lock = createHash('sha256')
    .update(readFileSync(join(machine.root, 'package-lock.json')))
    .digest('hex');
  const version = nodeIsSupported(machine.nodeVersion)
    ? machine.nodeVersion
    : (cachedNode(machine)?.version ?? machine.nodeVersion);
  return `${lock} node-${version.split('.')[0]} ${machine.platform}\n`;
}

/** @type {Part} */
export const temporal = {
  name: 'Temporal server',
  find(machine) {
    if (machine.env.TEMPORAL_ADDRESS) return { note: `at ${machine.env.TEMPORAL_ADDRESS} (TEMPORAL_ADDRESS)` };
    const given = onPath('temporal', machine.env);
    if (given) return { path: given, note: `${given} (PATH)` };
    const path = join(temporalTarget(machine), 'temporal');
    return isExecutable(path) ? { path, note: `${machine.pins.temporalCli}, from the cache` } : undefined;
  },
  async install(machine) {
    await installOnce(temporalTarget(machine), async (directory) => {
      const downloaded = await downloadTemporal(machine, directory);
      if (downloaded.ok) return;
      const built = await buildTemporal(machine, directory);
      if (built.ok) return;
      const remedy =
        'Set TEMPORAL_ADDRESS to a Temporal server that runs, or put the "temporal" command on PATH (https://docs.temporal.io/cli), ' +
        'or install Go (https://go.dev/dl) so that it can be built.';
      throw new Error(failure([downloaded, built], remedy));
    });
  },
};

const temporalTarget = ({ cache, pins }) => join(cache, `temporal-${pins.temporalCli}`);

/**
 * The SDK downloads when it starts its test server; in a process of its own, because its retries can't be limited.
 * Its package is named in knip.json: nothing else uses it, and knip reads no imports in a string.
 */
async function downloadTemporal(machine, directory) {
  if (!dependencies.find(machine))
    return { ok: false, problem: "the SDK's own download needs the npm dependencies", tail: '' };
  const downloads = join(directory, 'download');
  await mkdir(downloads);
  const script = `
    import { TestWorkflowEnvironment } from '@temporalio/testing';
    const [downloadDir, version] = process.argv.slice(1);
    const executable = { type: 'cached-download', downloadDir, version };
    const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
    await environment.teardown();
    process.exit(0);`;
  const result = await runTool(
    node.find(machine)?.path ?? machine.nodePath,
    ['--input-type=module', '--eval', script, downloads, `v${machine.pins.temporalCli}`],
    {
      title: "Temporal server: the SDK's download",
      limitMs: SDK_DOWNLOAD_LIMIT_MS,
      env: machine.env,
      cwd: machine.root,
    },
  );
  const named = {
    ...result,
    problem: result.problem && `the SDK's own download did not succeed (${plainly(result.problem)})`,
  };
  if (!result.ok) return named;
  for (const name of await readdir(downloads)) {
    const file = join(downloads, name);
    if (!(await stat(file)).isFile() || !isExecutable(file)) continue;
    await rename(file, join(directory, 'temporal'));
    return result;
  }
  return { ok: false, problem: "the SDK's own download left no executable file", tail: result.tail };
}

/** The script is long and says nothing to a person. */
const plainly = (problem) =>
  problem.includes('stopped after') ? `stopped after ${SDK_DOWNLOAD_LIMIT_MS / 1000} s` : 'it ended with an error';

async function buildTemporal(machine, directory) {
  const module = `github.com/temporalio/cli/cmd/temporal@v${machine.pins.temporalCli}`;
  if (!onPath('go', machine.env))
    return { ok: false, problem: 'it can\'t be built either: there is no "go" on PATH', tail: '' };
  const title = 'Temporal server: go install (about 4 minutes, once)';
  const env = { ...machine.env, GOBIN: directory };
  const built = await runTool('go', ['install', module], { title, limitMs: 40 * MINUTE_MS, env });
  if (!built.ok || isExecutable(join(directory, 'temporal'))) return built;
  return { ok: false, problem: `go install ${module} succeeded and left no "temporal"`, tail: built.tail };
}

/** @type {Part} */
export const ministack = {
  name: 'MiniStack',
  find(machine) {
    const path = join(ministackTarget(machine), 'bin', 'ministack');
    return isExecutable(path) ? { path, note: `${machine.pins.ministack}, from the cache` } : undefined;
  },
  async install(machine) {
    const target = ministackTarget(machine);
    await installOnce(target, async (directory) => {
      const options = { env: machine.env, limitMs: 15 * MINUTE_MS };
      const made = await runTool('python3', ['-m', 'venv', directory], {
        ...options,
        title: 'MiniStack: python3 -m venv',
      });
      if (!made.ok) {
        throw new Error(
          failure(
            [made],
            'Install Python 3 with its venv module (Debian and Ubuntu: apt-get install python3-venv), then try again.',
          ),
        );
      }
      const pip = [
        '-m',
        'pip',
        'install',
        '--no-input',
        '--disable-pip-version-check',
        `ministack==${machine.pins.ministack}`,
      ];
      const installed = await runTool(join(directory, 'bin', 'python'), pip, {
        ...options,
        title: `MiniStack: pip install ministack==${machine.pins.ministack}`,
      });
      if (!installed.ok)
        throw new Error(
          failure(
            [installed],
            'Check that the Python package index can be reached and that python3 is 3.10 or newer, then try again.',
          ),
        );
      await moveScripts(join(directory, 'bin'), directory, target);
    });
  },
};

const ministackTarget = ({ cache, pins }) => join(cache, `ministack-${pins.ministack}`);

/** A virtual environment writes its own path into the scripts it installs; they have to name where it will stand. */
async function moveScripts(directory, from, to) {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(directory, entry.name);
    const text = await readFile(file, 'utf8');
    if (text.includes(from)) await writeFile(file, text.replaceAll(from, to));
  }
}

/** What was tried, what it answered, what the person can do. */
function failure(attempts, remedy) {
  const tried = attempts.map(({ problem, tail }) => `    - ${problem}\n${tail ? quoted(tail) : ''}`.trimEnd());
  return [...tried, `    What you can do: ${remedy}`].join('\n');
}

function onPath(name, env) {
  const directories = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

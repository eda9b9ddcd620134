import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import pins from './pins.json' with { type: 'json' };
import { installOnce } from './setup/cache.mjs';
import { nodeIsSupported } from './setup/parts.mjs';
import { runTool } from './setup/tool.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const silent = { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream;

/** Stand-ins for the tools; each notes that it ran. */
const NPM = `case "$*" in
  ci*) mkdir -p node_modules ;;
  *) echo "npm: unexpected $*" >&2; exit 1 ;;
esac`;
const PYTHON = `case "$*" in
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  "-m pip install "*) d=$(dirname "$0"); echo "#!$d/python" > "$d/ministack"; chmod +x "$d/ministack" ;;
esac`;
const GO = `printf '#!/bin/sh\\n' > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal"`;

describe('the set-up', () => {
  let place: string;
  let bin: string;
  let cache: string;

  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'cordon-setup-'));
    bin = join(place, 'bin');
    cache = join(place, 'cache', 'cordon');
    await mkdir(bin);
    await cp(here, join(place, 'checkout', 'scripts'), { recursive: true });
    await writeFile(join(place, 'checkout', 'package-lock.json'), '{}');
    await Promise.all([tool('npm', NPM), tool('python3', PYTHON), tool('go', GO)]);
  });
  afterEach(() => rm(place, { recursive: true, force: true }));

  async function tool(name: string, commands: string) {
    const file = join(bin, name);
    await writeFile(file, `#!/bin/sh\necho "${name} $*" >> "${place}/calls"\n${commands}\n`);
    await chmod(file, 0o755);
  }
  const calls = async () =>
    existsSync(join(place, 'calls')) ? (await readFile(join(place, 'calls'), 'utf8')).trim().split('\n') : [];
  const environment = (extra: object = {}) => ({
    PATH: `${bin}:/usr/bin:/bin`,
    HOME: place,
    XDG_CACHE_HOME: join(place, 'cache'),
    ...extra,
  });

  function script(name: string, args: string[] = [], env: object = {}): Promise<{ status: number; said: string }> {
    return new Promise((resolve) => {
      const file = join(place, 'checkout', 'scripts', name);
      execFile(
        process.execPath,
        [file, ...args],
        { env: environment(env), timeout: 60_000 },
        (error, stdout, stderr) => {
          resolve({ status: error ? Number(error.code ?? -1) : 0, said: stdout + stderr });
        },
      );
    });
  }

  it('installs everything once, and the second time starts no program at all', async () => {
    expect(await script('setup.mjs')).toMatchObject({ status: 0 });
    const first = await calls();
    expect(first).toContain('npm ci --include=dev --no-audit --no-fund');
    expect(first).toContain(`go install github.com/temporalio/cli/cmd/temporal@v${pins.temporalCli}`);
    expect(await script('setup.mjs')).toMatchObject({ status: 0 });
    expect(await calls()).toEqual(first);
    expect((await script('setup.mjs', ['--check'])).status).toBe(0);
  });

  it('leaves scripts that name the place where they stand, not the one where they were made', async () => {
    await script('setup.mjs');
    const ministack = join(cache, `ministack-${pins.ministack}`, 'bin');
    expect(await readFile(join(ministack, 'ministack'), 'utf8')).toBe(`#!${ministack}/python\n`);
  });

  it('installs the dependencies again when the lock file changed, and after an npm ci that failed', async () => {
    await script('setup.mjs');
    await writeFile(join(place, 'checkout', 'package-lock.json'), '{ "changed": true }');
    await tool('npm', 'rm -rf node_modules; mkdir node_modules; echo "npm error: registry unreachable" >&2; exit 1');
    const failed = await script('setup.mjs');
    expect(failed.status).toBe(1);
    expect(failed.said).toMatch(/npm ci .* ended with status 1[^]*registry unreachable[^]*What you can do: /);
    await tool('npm', NPM);
    expect((await script('setup.mjs', ['--check'])).said).toContain('npm dependencies: missing');
    expect((await script('setup.mjs')).status).toBe(0);
  });

  it('says without Go and without the download what was tried and what helps, and still installs the rest', async () => {
    await rm(join(bin, 'go'));
    const { status, said } = await script('setup.mjs', [], { PATH: await pathWithoutGo() });
    expect(status).toBe(1);
    expect(said).toMatch(/SDK's own download did not succeed[^]*there is no "go" on PATH[^]*TEMPORAL_ADDRESS/);
    expect(said).toContain('MiniStack: 1.5.33, from the cache, installed');
  });

  it('needs no Temporal server where TEMPORAL_ADDRESS names one or "temporal" is on PATH', async () => {
    expect((await script('setup.mjs', [], { TEMPORAL_ADDRESS: '127.0.0.1:7233' })).said).toContain('at 127.0.0.1:7233');
    await tool('temporal', '');
    expect((await script('setup.mjs')).said).toContain(`${bin}/temporal (PATH)`);
    expect((await calls()).filter((call) => call.startsWith('go'))).toEqual([]);
  });

  it('names the package that Debian lacks for a virtual environment', async () => {
    await tool('python3', 'echo "ensurepip is not available" >&2; exit 1');
    const { status, said } = await script('setup.mjs');
    expect(status).toBe(1);
    expect(said).toMatch(/ensurepip is not available[^]*python3-venv/);
  });

  it('never takes an interrupted install for a complete one, and cleans up after it', async () => {
    await tool('go', 'printf "#!/bin/sh\\n" > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal"; sleep 60');
    const setup = spawn(process.execPath, [join(place, 'checkout', 'scripts', 'setup.mjs')], {
      env: environment(),
      stdio: 'ignore',
    });
    for (let tries = 0; tries < 200 && !(await calls()).some((call) => call.startsWith('go')); tries++) await sleep(50);
    setup.kill('SIGKILL');
    await new Promise((resolve) => setup.once('exit', resolve));
    expect((await script('setup.mjs', ['--check'])).said).toContain('Temporal server: missing');
    await tool('go', GO);
    expect((await script('setup.mjs')).status).toBe(0); // it took over the dead one's lock
    expect((await readdir(cache)).toSorted()).toEqual([`ministack-${pins.ministack}`, `temporal-${pins.temporalCli}`]);
  });

  it('lets two set-ups at once install once', async () => {
    const [one, two] = await Promise.all([script('setup.mjs'), script('setup.mjs')]);
    expect([one.status, two.status]).toEqual([0, 0]);
    for (const command of ['npm ci', 'go install', 'python3 -m venv']) {
      expect(
        (await calls()).filter((call) => call.startsWith(command)),
        command,
      ).toHaveLength(1);
    }
  });

  it('runs a file with the environment it made, and passes arguments, status and signals on', async () => {
    const file = join(place, 'file.mjs');
    await writeFile(
      file,
      `import { execSync } from 'node:child_process';
       console.log(JSON.stringify([process.argv.slice(2), process.env.CORDON_TEMPORAL_BINARY, process.env.CORDON_MINISTACK]));
       if (process.argv[2] === 'wait') { process.on('SIGTERM', () => process.exit(7)); console.log('waiting'); setInterval(() => {}, 1000); }
       else process.exit(execSync('node --version').toString().trim() === process.version ? 3 : 4);`,
    );
    const { status, said } = await script('run.mjs', [file, '--yes', 'a b']);
    expect(status).toBe(3);
    expect(said).toContain(
      JSON.stringify([
        ['--yes', 'a b'],
        join(cache, `temporal-${pins.temporalCli}`, 'temporal'),
        join(cache, `ministack-${pins.ministack}`, 'bin', 'ministack'),
      ]),
    );
    const run = spawn(process.execPath, [join(place, 'checkout', 'scripts', 'run.mjs'), file, 'wait'], {
      env: environment(),
    });
    await new Promise<void>((resolve) =>
      run.stdout.on('data', (chunk) => String(chunk).includes('waiting') && resolve()),
    );
    run.kill('SIGTERM');
    expect(await new Promise((resolve) => run.once('exit', resolve))).toBe(7);
  });

  it('runs nothing when the set-up is not complete', async () => {
    await tool('npm', 'exit 1');
    const file = join(place, 'file.mjs');
    await writeFile(file, 'console.log("it ran")');
    const { status, said } = await script('run.mjs', [file]);
    expect(status).toBe(1);
    expect(said).not.toContain('it ran');
  });

  /** The tests' own machine may have Go anywhere on PATH, so only what the stand-ins need is left on it. */
  async function pathWithoutGo(): Promise<string> {
    const few = join(place, 'few');
    await mkdir(few);
    for (const name of ['sh', 'mkdir', 'cp', 'rm', 'chmod', 'dirname', 'sleep']) {
      const found = ['/bin', '/usr/bin'].map((directory) => join(directory, name)).find((path) => existsSync(path));
      await symlink(found ?? name, join(few, name));
    }
    return `${bin}:${few}`;
  }
});

it.each([
  ['20.20.2', false],
  ['22.17.1', false],
  ['22.18.0', true],
  ['22.22.0', true],
  ['23.11.0', false],
  ['24.0.0', true],
  ['25.1.0', false],
  ['26.0.0', true],
])('Node %s is supported: %s', (version, supported) => {
  expect(nodeIsSupported(version)).toBe(supported);
});

it('stops a tool that hangs, with what it started', async () => {
  const place = await mkdtemp(join(tmpdir(), 'cordon-tool-'));
  try {
    const script = `echo working; sh -c 'echo $$ > ${place}/pid; sleep 60' & wait`;
    const result = await runTool('/bin/sh', ['-c', script], { title: 'It', limitMs: 1_000, out: silent });
    expect(result).toMatchObject({ ok: false, tail: 'working', problem: expect.stringContaining('stopped after 1 s') });
    const pid = Number(await readFile(join(place, 'pid'), 'utf8'));
    await expect.poll(() => existsSync(`/proc/${pid}/stat`) && isRunning(pid), { timeout: 5_000 }).toBe(false);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});

it('keeps nothing of an install that fails', async () => {
  const place = await mkdtemp(join(tmpdir(), 'cordon-cache-'));
  const target = join(place, 'thing-1.0');
  const fail = async (directory: string) => {
    await writeFile(join(directory, 'half'), '');
    throw new Error('no more');
  };
  await expect(installOnce(target, fail)).rejects.toThrow('no more');
  expect(await readdir(place)).toEqual([]);
  await installOnce(target, async (directory) => writeFile(join(directory, 'whole'), ''));
  expect(await readdir(target)).toEqual(['whole']);
  await rm(place, { recursive: true, force: true });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

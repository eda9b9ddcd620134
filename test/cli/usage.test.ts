import type { Command } from 'commander';
import { expect, test } from 'vitest';

import manifest from '../../package.json' with { type: 'json' };
import { buildProgram } from '../../src/cli/program.ts';
import { cordon, scratch } from './cordon.ts';

test.each([
  [[], 2],
  [['--help'], 0],
  [['--version'], 0],
  [['case', '--help'], 0],
  [['no-such-command'], 2],
  [['case', 'lst'], 2],
  [['case', 'list', '--no-such-option'], 2],
  [['case', 'show'], 2],
  [['case', 'deny', 'ca_1'], 2],
  [['case', 'list'], 2],
  [['alert', 'send', '-', '--source', 'nobody'], 2],
  [['alert', 'send', '-', '--source', 'generic'], 2],
  [['up', '--only', 'database'], 2],
  [['up', '--queues', 'decide,nothing'], 2],
  [['policy', 'print', 'mars', '--account', '123456789012'], 2],
  [['policy', 'print', 'aws', '--account', '12'], 2],
  [['config', 'check', 'no-such-file.yaml'], 2],
  [['config', 'check'], 0],
  [['--config', 'no-such-file.yaml', 'doctor'], 2],
  [['ledger', 'verify'], 2],
] as const)('cordon %j ends with %i', async (args, status) => {
  const result = await cordon(args);
  expect(result.status, result.stderr).toBe(status);
  if (status !== 0) expect(result.stdout + result.stderr).not.toBe('');
  expect(result.stderr).not.toMatch(/^ +at /mu);
});

test('the version is that of the package', async () => {
  expect((await cordon(['--version'])).stdout).toBe(`${manifest.version}\n`);
});

test('an argument that is wrong comes back inert', async () => {
  const { stderr } = await cordon(['case', '\u001b[31mred']);
  expect(stderr).toContain('\\x1b[31mred');
});

test('every command says what it does, with an example that names it', () => {
  const leaves = (command: Command, path: string): readonly (readonly [string, Command])[] =>
    command.commands.length === 0
      ? [[path, command]]
      : command.commands.flatMap((inner) => leaves(inner, `${path} ${inner.name()}`));
  const commands = leaves(buildProgram(), 'cordon');
  expect(commands.length).toBeGreaterThan(10);
  for (const [path, command] of commands) {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(command.description(), path).not.toBe('');
    expect(help).toMatch(new RegExp(`Examples?:\\n  ${path}`, 'u'));
  }
});

test('config check tells every problem with its line, for people and for programs', async () => {
  const cwd = await scratch({ 'cordon.yaml': 'mode: aprove\nserver: {prot: 1}\n"\\u001b[31m": 1\n' });
  const text = await cordon(['config', 'check'], { cwd });
  expect(text.status).toBe(2);
  expect(text.stdout).toContain('cordon.yaml:1:7: mode must be one of observe, approve; did you mean `approve`?');
  expect(text.stdout).toContain('cordon.yaml:2:10: server.prot is not a known key; did you mean `port`?');
  expect(text.stdout).toContain('cordon.yaml:3:1: \\x1b[31m is not a known key');

  const json = await cordon(['config', 'check', '--json'], { cwd });
  expect(json.status).toBe(2);
  expect(JSON.parse(json.stdout)).toMatchObject({
    valid: false,
    file: 'cordon.yaml',
    problems: [{ severity: 'error', path: 'mode', position: { line: 1, column: 7 } }, { path: 'server.prot' }, {}],
  });
  // Any other command refuses to run on it, and says the same.
  const other = await cordon(['ledger', 'verify'], { cwd });
  expect(other.status).toBe(2);
  expect(other.stderr).toContain('cordon.yaml:1:7: mode must be');
});

test('config schema prints the schema', async () => {
  const { stdout } = await cordon(['config', 'schema']);
  expect(JSON.parse(stdout)).toMatchObject({ type: 'object', additionalProperties: false });
});

test('policy print names the actions that are configured, and no other', async () => {
  const cwd = await scratch({ 'cordon.yaml': 'aws: {actions: [deny-principal]}' });
  const { stdout, status } = await cordon(['policy', 'print', 'aws', '--account', '123456789012'], { cwd });
  expect(status).toBe(0);
  const policy = JSON.parse(stdout) as { Statement: readonly { Action: readonly string[] }[] };
  const actions = policy.Statement.flatMap(({ Action }) => Action);
  expect(actions).toContain('iam:PutUserPolicy');
  expect(actions).not.toContain('iam:UpdateAccessKey');
  expect(stdout).toContain('123456789012');
});

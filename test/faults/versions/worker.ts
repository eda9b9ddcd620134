// As `cordon up --only worker`, with the workflows of another version: node worker.ts CONFIG WORKFLOWS
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadConfig } from '../../../src/config/load.ts';
import { bundleOf } from '../../../worker/bundle.ts';
import { up } from '../../../worker/up.ts';

const [configFile, workflowsPath] = process.argv.slice(2);
if (configFile === undefined || workflowsPath === undefined) throw new Error('Wanted: CONFIG WORKFLOWS');
const directory = await mkdtemp(join(tmpdir(), 'cordon-version-'));
const codePath = join(directory, 'workflows.js');
await writeFile(codePath, await bundleOf(workflowsPath));
const { config } = await loadConfig(configFile, process.env);
const running = await up(config, { only: 'worker', bundle: async () => ({ codePath }) });
await rm(directory, { recursive: true });
process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)));
process.stderr.write('Cordon is ready\n');

import { TITLES } from './clouds.ts';
import type { Stage } from './stage.ts';
import type { Terminal } from './terminal.ts';

/** Says where everything is; never ends by itself. */
export async function keep(terminal: Terminal, stages: readonly Stage[]): Promise<void> {
  terminal.say('\nEverything is left running until Ctrl-C:', 'bold');
  for (const { temporal, scene, slack, cordon, directory } of stages) {
    terminal.note(`Cordon     ${cordon.url}`);
    terminal.note(`           CORDON_TOKEN=$(cat ${directory}/secrets/token-dana) npm run cordon -- \\`);
    terminal.note(`             --config ${cordon.configFile} case list`);
    terminal.note(`Temporal   ${temporal.address}`);
    if (temporal.uiUrl !== undefined && (await isPage(temporal.uiUrl))) terminal.note(`           ${temporal.uiUrl}`);
    terminal.note(`${TITLES[scene.cloud].padEnd(10)} ${scene.url}`);
    terminal.note(`Slack      ${slack.apiUrl}`);
  }
  await new Promise<never>(() => setInterval(() => undefined, 3600_000));
}

/** A Temporal server that was built without its UI answers with something else, or not at all. */
async function isPage(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    return response.ok && (await response.text()).includes('<html');
  } catch {
    return false;
  }
}

import type { Command } from 'commander';

import { registerCaseApprove } from './approve.ts';
import { registerCaseDeleteKeys } from './delete-keys.ts';
import { registerCaseDeny } from './deny.ts';
import { registerCaseExport } from './export.ts';
import { registerCaseList } from './list.ts';
import { registerCaseRollback } from './rollback.ts';
import { registerCaseShow } from './show.ts';
import { registerCaseTimeline } from './timeline.ts';

export function registerCase(program: Command): void {
  const parent = program.command('case').description('Look at cases and decide on their plans (needs CORDON_TOKEN)');
  registerCaseList(parent);
  registerCaseShow(parent);
  registerCaseTimeline(parent);
  registerCaseApprove(parent);
  registerCaseDeny(parent);
  registerCaseRollback(parent);
  registerCaseDeleteKeys(parent);
  registerCaseExport(parent);
}

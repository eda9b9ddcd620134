import { Command } from 'commander';

import manifest from '../../package.json' with { type: 'json' };
import { registerAlertList } from './alert/list.ts';
import { registerAlertSend } from './alert/send.ts';
import { registerAlertShow } from './alert/show.ts';
import { registerCase } from './case/index.ts';
import { registerConfigCheck } from './config/check.ts';
import { registerConfigSchema } from './config/schema.ts';
import { registerDoctor } from './doctor/doctor.ts';
import { registerLedgerVerify } from './ledger/verify.ts';
import { registerOrphans } from './orphans.ts';
import { registerPolicyPrint } from './policy/print.ts';
import { registerStop } from './stop.ts';
import { inertLines } from './terminal.ts';
import { registerUp } from './up.ts';

export function buildProgram(): Command {
  const program = new Command('cordon')
    .description(
      'Contains compromised cloud identities: evidence, approval, containment that is proved and can be undone.',
    )
    .version(manifest.version)
    .option('--config <file>', 'configuration (default: CORDON_CONFIG, else cordon.yaml here, else the defaults)')
    .option('--json', 'print JSON for programs')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(inertLines(text)) })
    .showHelpAfterError('(--help shows how it is used)')
    .addHelpText('after', '\nExit status: 0 done, 1 refused or negative, 2 usage or configuration.')
    .exitOverride();
  registerUp(program);
  const alert = program.command('alert').description('Send alerts, and see what became of them');
  registerAlertSend(alert);
  registerAlertList(alert);
  registerAlertShow(alert);
  registerCase(program);
  registerStop(program);
  registerLedgerVerify(program.command('ledger').description('Look after the ledger'));
  registerDoctor(program);
  registerOrphans(program);
  registerPolicyPrint(program.command('policy').description('Permissions that Cordon needs'));
  const config = program.command('config').description('Look after the configuration');
  registerConfigCheck(config);
  registerConfigSchema(config);
  return program;
}

import type { ActivityFacts } from '../../domain/evidence.ts';
import type { PrincipalKind } from '../../domain/principal.ts';
import { isLongTermKey } from '../long-term-keys.ts';
import type { OtherQuestion } from '../question.ts';
import { counted } from '../wording.ts';

/** A user agent is the caller's choice: one of these raises suspicion, another one lowers none. */
const HAND_TOOLS =
  /aws-cli|boto3|botocore|pacu|azurecli|azure-cli|azurepowershell|aadinternals|roadtools|python-requests|curl\/|gcloud/iu;

/** Whose credentials are kept, not lent: what there is can be counted. */
const KEEPS_CREDENTIALS: ReadonlySet<PrincipalKind> = new Set([
  'iam-user',
  'root',
  'entra-user',
  'service-principal',
  'service-account',
]);

export const credentials: OtherQuestion = {
  about: 'credentials',
  ask({ principal, activity, credentials: gathered }) {
    const byHand = activity !== undefined && longTermKeyByHand(activity);
    const used = byHand ? 'A long-term key was used from a command line or script. ' : '';
    if (gathered.status === 'unknown')
      return { answer: byHand ? 'suspicious' : 'unknown', summary: `${used}Keys and password: ${gathered.reason}` };
    const { accessKeys, consolePassword, mfaDevices, quarantinedByCloud } = gathered.facts;
    const active = accessKeys.filter((key) => key.active).length;
    const password = consolePassword
      ? `a console password with ${counted(mfaDevices, 'MFA device')}`
      : 'no console password';
    const quarantine = quarantinedByCloud ? 'The cloud itself has quarantined this identity. ' : '';
    const kept = KEEPS_CREDENTIALS.has(principal.kind)
      ? `${counted(active, 'active access key')}, ${password}.`
      : 'Temporary credentials: what issued them can issue more.';
    return {
      answer: byHand || quarantinedByCloud ? 'suspicious' : 'neutral',
      summary: `${quarantine}${used}${kept}`,
    };
  },
};

function longTermKeyByHand({ around }: ActivityFacts): boolean {
  return around.accessKeyIds.some(isLongTermKey) && around.userAgents.some((agent) => HAND_TOOLS.test(agent));
}

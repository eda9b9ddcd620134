import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';

import { awsClients } from '../aws.ts';
import { showCommand, type Story } from '../story.ts';

/** What only an administrator may do. */
const ADMINISTRATION = ['iam:CreateUser', 'iam:AttachUserPolicy', 'iam:CreateAccessKey', 's3:GetObject'];

/** Who there is, and that Cordon's own identity may do what its actions need, and is no administrator. */
export async function company(story: Story): Promise<void> {
  const { stage, terminal, checks } = story;
  const { ministack } = stage;
  terminal.note(
    `Account ${ministack.accountId}: alice (two keys, a password, one role), bob (the same role), terraform-ci,`,
  );
  terminal.note(
    'veeam-backup, breakglass-admin, and cordon-responder with the policy that Cordon generates for itself.',
  );
  const { iam } = awsClients(ministack, ministack.root);
  const PolicySourceArn = `arn:aws:iam::${ministack.accountId}:user/cordon-responder`;
  const simulation = new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: ADMINISTRATION });
  const { EvaluationResults = [] } = await iam.send(simulation);
  const allowed = EvaluationResults.filter(({ EvalDecision }) => EvalDecision === 'allowed');
  checks.that(
    EvaluationResults.length === ADMINISTRATION.length && allowed.length === 0,
    'Cordon is no administrator',
    `it may not ${ADMINISTRATION.join(', ')}`,
  );
  await showCommand(story, ['doctor']);
  checks.demand();
}

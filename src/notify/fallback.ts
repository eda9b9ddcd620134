import type { Notice } from '../contracts/activities.ts';
import { resourceOf } from '../domain/principal.ts';
import { noticeTitle } from './notice-title.ts';
import type { ApprovalClosed, ApprovalRequest, MessageReference, Notifier, NotifyLog } from './port.ts';

/**
 * The channel that always works: an error line in the log, for when Slack isn't configured or stayed away until the deadline.
 * It says how to decide on the command line; nothing is ever approved by silence. The log writer escapes what came from
 * an alert (JSON lines).
 */
export function createFallbackNotifier(log: NotifyLog): Notifier {
  return {
    channel: 'log',

    async requestApproval(request: ApprovalRequest): Promise<MessageReference> {
      const { caseId, plan, verdict, expiresAt } = request;
      log.error(
        {
          ...identity(request),
          risk: verdict.risk,
          reasons: verdict.reasons.map((reason) => reason.text),
          actions: plan.actions.map((action) => `${action.title}: ${action.request.target}`),
          obstacles: plan.obstacles,
          caveats: plan.caveats,
          approvals: plan.requirement.approvals,
          expiresAt,
          read: `cordon case show ${caseId}`,
          ...(plan.obstacles.length > 0 ? {} : { approve: `cordon case approve ${caseId}` }),
          deny: `cordon case deny ${caseId}`,
        },
        noticeTitle({
          urgency: 'page',
          title:
            plan.obstacles.length > 0
              ? `A ${plan.kind} waits, and its plan has obstacles. Read it with: cordon case show ${caseId}`
              : `A ${plan.kind} waits for approval until ${expiresAt}. Decide with: cordon case approve ${caseId}`,
        }),
      );
      return { channel: 'log', caseId, planDigest: plan.digest };
    },

    async updateApproval(_message: MessageReference, { request, state, lines }: ApprovalClosed): Promise<void> {
      log.error({ ...identity(request), state, lines }, `The ${request.plan.kind} is ${state}`);
    },

    async notify(notice: Notice): Promise<MessageReference> {
      const { key, urgency, lines, caseId } = notice;
      log.error({ key, urgency, lines, ...(caseId === undefined ? {} : { caseId }) }, noticeTitle(notice));
      return { channel: 'log', key };
    },
  };
}

function identity({ caseId, workflowId, plan }: ApprovalRequest): object {
  return { caseId, workflowId, kind: plan.kind, planDigest: plan.digest, principal: resourceOf(plan.principal) };
}

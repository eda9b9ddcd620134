import { caseIdOf, caseWorkflowId, principalHash, respondWorkflowId } from '../src/contracts/ids.ts';
import type { CaseRecord } from '../src/store/port.ts';
import type { AwsPrincipal } from '../src/domain/principal.ts';
import { receive } from '../src/sources/index.ts';
import { caseStarter } from '../worker/temporal.ts';
import { APPROVER, type Product } from './product.ts';
import { alertBody } from './stand-in.ts';

const WITHIN_MS = 170_000;
const POLL_MS = 50;

export interface OpenedCase {
  readonly caseId: string;
  readonly workflowId: string;
}

/** A case as a verdict of `contain` opens one; `number` makes the alert another one each time. */
export async function openCase(
  { client, store }: Product,
  principal: AwsPrincipal,
  number: number,
): Promise<OpenedCase> {
  const at = new Date().toISOString();
  const body = { ...alertBody(number), principal: { userName: principal.name }, firstSeen: at, lastSeen: at };
  const [received] = receive('generic', body, new Date());
  if (!received) throw new Error('The alert of the benchmark is none.');
  const { alert, raw, dedupKey } = received;
  const { alertId, title, techniques } = alert;
  await store.alerts.accept(alert, raw, dedupKey, respondWorkflowId(alertId));
  const [caseId, workflowId] = [caseIdOf(principal, alertId), caseWorkflowId(principal)];
  const reasons = [{ rule: 'risk', weight: 'decides', text: 'A key leaked.', questions: [] }] as const;
  const verdict = { outcome: 'contain', risk: 90, reasons, evidence: [] } as const;
  const input = { caseId, principal, principalHash: principalHash(principal) };
  const joined = { alertId, title, techniques, verdict, opens: caseId };
  await caseStarter(client).signalWithStart(workflowId, input, joined);
  return { caseId, workflowId };
}

/** The digest of the plan, once people are asked about it. */
export async function planned({ store }: Product, caseId: string): Promise<string> {
  const deadline = Date.now() + WITHIN_MS;
  let open: CaseRecord | null = null;
  while (Date.now() < deadline) {
    open = await store.cases.get(caseId);
    if (open?.state === 'AWAITING_APPROVAL' && open.planDigest !== undefined) return open.planDigest;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`No plan was proposed in time; the case is ${open?.state ?? 'not there'}.`);
}

/** As a person does: who gets no answer in time looks at the case, and decides again only where it still waits. */
export async function approve({ gateway, store }: Product, caseId: string, planDigest: string): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  const decision = { caseId, planDigest, decision: 'approve', actor: APPROVER, channel: 'cli' } as const;
  for (;;) {
    const said = await gateway.decide(decision).then(
      (answer) => (answer.status === 'accepted' ? null : answer.reason),
      (error: unknown) => String(error),
    );
    const open = said === null ? null : await store.cases.get(caseId);
    if (open?.state !== 'AWAITING_APPROVAL') return;
    if (Date.now() > deadline) throw new Error(`The approval was not taken: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The state that the case ended in. */
export function ended({ client }: Product, { workflowId }: OpenedCase): Promise<unknown> {
  return client.withDeadline(Date.now() + WITHIN_MS, () => client.workflow.getHandle(workflowId).result());
}

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { idempotencyKey, sealPlan } from '../../../src/approval/digest.ts';
import { loadSigningKey, loadVerifyingKey } from '../../../src/approval/keys.ts';
import { decisionSigner } from '../../../src/approval/signer.ts';
import { approvalVerifier } from '../../../src/approval/verifier.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { CordonFailure } from '../../../src/contracts/failures.ts';
import { applyAction } from '../../../src/containment/apply.ts';
import type { ContainmentDependencies } from '../../../src/containment/dependencies.ts';
import { keepPlan, prepare } from '../../../src/containment/plan.ts';
import { planRollback } from '../../../src/containment/rollback.ts';
import type { ActionRequest, Plan } from '../../../src/domain/plan.ts';
import { createCipher } from '../../../src/encryption/cipher.ts';
import type { Provider } from '../../../src/providers/port.ts';
import { openStore } from '../../../src/store/index.ts';

const CASE = 'ca_0123456789abcdef0123456789abcdef';

/** Plans one action, approves it and carries it out: how it ends, and what a rollback of the case would do. */
export async function carriedOutInCase(provider: Provider, request: ActionRequest) {
  const directory = await mkdtemp(join(tmpdir(), 'cordon-contract-'));
  const files = { signingKeyFile: join(directory, 'approval.key'), publicKeyFile: join(directory, 'approval.pub') };
  const signer = decisionSigner(await loadSigningKey(files));
  const keys = [await loadVerifyingKey(files.publicKeyFile)];
  const store = await openStore({ path: join(directory, 'cordon.db'), cipher: createCipher([randomBytes(32)]) });
  const dependencies: ContainmentDependencies = {
    config: configSchema.parse({ mode: 'approve' }),
    store,
    verifier: approvalVerifier({ keys, approvers: [{ id: 'erin', identities: [] }] }),
    providers: { [provider.cloud]: provider },
    now: () => new Date(),
  };
  try {
    const plan = await keepPlan(await planned(provider, request), store);
    const decisions = [await signer.sign(approvalOf(plan))];
    const { status } = await applyAction({ planDigest: plan.digest, sequence: 0, decisions }, dependencies);
    const entries = await store.ledger.ofCase(CASE);
    const recorded = entries.map(({ type, body }) => [type, ...(body['status'] ? [body['status']] : [])]);
    const rollback = await planRollback({ caseId: CASE }, dependencies).then(
      ({ actions }) => actions.map(({ title }) => title),
      (error: unknown) => {
        if (error instanceof CordonFailure) return error.type;
        throw error;
      },
    );
    return { status, recorded, rollback };
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
}

async function planned(provider: Provider, request: ActionRequest): Promise<Plan> {
  const { planned: action } = await prepare(request, provider, idempotencyKey(CASE, request, 0));
  return sealPlan({
    kind: 'containment',
    caseId: CASE,
    principal: request.principal,
    actions: [{ ...action, sequence: 0 }],
    requirement: { approvals: 1, reason: 'one' },
    obstacles: [],
    caveats: [],
  });
}

function approvalOf({ caseId, digest: planDigest }: Plan) {
  const nonce = randomBytes(16).toString('hex');
  const decidedAt = new Date().toISOString();
  return { caseId, planDigest, decision: 'approve', actor: 'erin', channel: 'cli', decidedAt, nonce } as const;
}

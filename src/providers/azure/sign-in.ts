import { z } from 'zod';

import { CordonFailure } from '../../contracts/failures.ts';
import type { ActionRequest, PlannedCall } from '../../domain/plan.ts';
import type { Action, Preflight } from '../port.ts';
import type { ActionFacts } from './actions/definition.ts';
import { read } from './actions/definition.ts';
import type { AzureClients } from './clients.ts';
import type { Write } from './rest.ts';
import { planned } from './rest.ts';

const parametersSchema = z.strictObject({});
const priorSchema = z.object({ accountEnabled: z.boolean() });

/** What switches a user and a service principal off has one shape: `accountEnabled` of a directory object. */
export interface SignIn {
  readonly facts: ActionFacts;
  readonly collection: 'users' | 'servicePrincipals';
  readonly permission: string;
  /** Reads the object; throws where it is not the one of the plan. */
  confirm(request: ActionRequest): Promise<{ readonly id: string; readonly accountEnabled: boolean }>;
  /** What stops, and what the directory says that weakens the change. */
  consequences(request: ActionRequest): Promise<Pick<Preflight, 'mayBreak' | 'caveats'>>;
}

export function switchOff({ graph }: AzureClients, signIn: SignIn): Action {
  const { facts } = signIn;
  const write = (id: string, accountEnabled: boolean): Write => ({
    service: 'graph',
    method: 'PATCH',
    path: `/v1.0/${signIn.collection}/${id}`,
    body: { accountEnabled },
    permission: signIn.permission,
  });
  const wasEnabled = (prior: Parameters<Action['apply']>[1]) =>
    read(priorSchema, prior, `The prior state of ${facts.id}`).accountEnabled;
  return {
    ...facts,
    async preflight(request) {
      read(parametersSchema, request.parameters, `The parameters of ${facts.id}`);
      const { id, accountEnabled } = await signIn.confirm(request);
      const alreadySo = !accountEnabled;
      return {
        prior: { accountEnabled },
        alreadySo,
        calls: alreadySo ? [] : [planned(write(id, false))],
        ...(await signIn.consequences(request)),
        obstacles: [],
      };
    },
    async apply(request) {
      const { id, accountEnabled } = await signIn.confirm(request);
      if (accountEnabled) await graph.call(write(id, false));
      return { result: { id } };
    },
    async verify(request) {
      const { id, accountEnabled } = await signIn.confirm(request);
      if (accountEnabled) return { status: 'drifted', detail: `${id} is enabled.` };
      return { status: 'holds', detail: `${id} is disabled: it gets no token any more.` };
    },
    async revert(request, prior) {
      const { id, accountEnabled } = await signIn.confirm(request);
      if (accountEnabled !== wasEnabled(prior)) await graph.call(write(id, wasEnabled(prior)));
    },
    previewRevert(request, prior): readonly PlannedCall[] {
      if (request.principal.uniqueId === undefined)
        throw new CordonFailure('TargetRefused', 'The target has no object id.');
      return wasEnabled(prior) ? [planned(write(request.principal.uniqueId, true))] : [];
    },
  };
}

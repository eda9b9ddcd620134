import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import type { JsonObject, JsonValue } from '../../../../domain/json.ts';
import type { ActionRequest, PlannedCall } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import type { GcpClients } from '../../clients.ts';
import {
  createSink,
  maskOf,
  readSink,
  sameSink,
  SINK_NAME,
  SINK_RESOURCE,
  sinkState,
  updateSink,
} from '../../sinks.ts';
import type { ActionFacts, GcpActionDefinition } from '../definition.ts';
import { EXAMPLE_ACCOUNT, read } from '../definition.ts';

const ID = 'restore-log-sinks';
const json = z.record(z.string(), z.json()).transform((value) => value as JsonObject);
const parametersSchema = z.strictObject({ sink: z.object({ destination: z.string() }).catchall(z.json()) });
const priorSchema = z.object({ sink: json.nullable() });

const facts: ActionFacts = {
  id: ID,
  cloud: 'gcp',
  title: 'Restore a log sink',
  description:
    'Puts a log sink, which the identity changed or deleted, back to what the audit log recorded of it right before; proposed only ' +
    'where the log tells that whole. Entries of the meantime are not sent again. A sink made anew may write as another identity ' +
    'than before: where its destination lies in another project, look whether that identity may still write there. A rollback ' +
    'puts back what stood before this action.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'The sink, read again, is as the audit log recorded it.',
  survives:
    'What happened in the meantime was not sent; Cloud Logging itself keeps the log of administrators for 400 ' +
    'days.',
  permissions: [
    { name: 'logging.sinks.get', resource: 'project', purpose: 'prior state, verification' },
    { name: 'logging.sinks.update', resource: 'project', purpose: 'a changed sink, and its rollback' },
    { name: 'logging.sinks.create', resource: 'project', purpose: 'a deleted sink' },
    { name: 'logging.sinks.delete', resource: 'project', purpose: 'rollback of a deleted sink' },
  ],
  example: {
    action: ID,
    cloud: 'gcp',
    accountId: EXAMPLE_ACCOUNT.accountId,
    principal: EXAMPLE_ACCOUNT,
    target: `${SINK_RESOURCE}projects/example-project/sinks/audit`,
    parameters: { sink: { destination: 'storage.googleapis.com/example-audit', filter: 'severity>=NOTICE' } },
  },
};

export const restoreLogSinks: GcpActionDefinition = {
  facts,
  create: (clients, { projects }): Action => ({
    ...facts,
    async preflight(request) {
      const { sinkName, sink, destination } = wanted(request, projects);
      const current = await readSink(clients, sinkName);
      const alreadySo = sameSink(current, sink);
      return {
        prior: { sink: current },
        alreadySo,
        calls: alreadySo ? [] : [writeCall(sinkName, current, sink)],
        mayBreak: alreadySo ? [] : [`Log entries go from sink ${sinkName} to ${destination} again.`],
        obstacles: [],
      };
    },
    async apply(request) {
      const { sinkName, sink } = wanted(request, projects);
      await write(clients, sinkName, await readSink(clients, sinkName), sink);
      return { result: { sinkName, sink } };
    },
    async verify(request) {
      const { sinkName, sink } = wanted(request, projects);
      const current = await readSink(clients, sinkName);
      if (sameSink(current, sink)) return { status: 'holds', detail: `Sink ${sinkName} is as it was.` };
      return { status: 'drifted', detail: `Sink ${sinkName} ${current === null ? 'is gone' : 'is another'} again.` };
    },
    async revert(request, prior) {
      const { sinkName, sink } = wanted(request, projects);
      const before = read(priorSchema, prior, `The prior state of ${ID}`).sink;
      const current = await readSink(clients, sinkName);
      if (sameSink(current, before)) return;
      if (!sameSink(current, sink))
        throw new CordonFailure('Conflict', `Left as it is: somebody else has changed sink ${sinkName} since.`);
      if (before === null) await clients.logging.sinks.delete({ sinkName });
      else await write(clients, sinkName, current, before);
    },
    previewRevert(request, prior) {
      const { sinkName, sink } = wanted(request, projects);
      const before = read(priorSchema, prior, `The prior state of ${ID}`).sink;
      if (before !== null) return [writeCall(sinkName, sink, before)];
      return [{ service: 'logging', operation: 'sinks.delete', parameters: { sinkName } }];
    },
  }),
};

function wanted(request: ActionRequest, projects: readonly string[]) {
  const sinkName = request.target.startsWith(SINK_RESOURCE) ? request.target.slice(SINK_RESOURCE.length) : '';
  if (!SINK_NAME.test(sinkName) || !projects.some((id) => sinkName.startsWith(`projects/${id}/`)))
    throw new CordonFailure('TargetRefused', `The target is not one log sink of ${projects.join(', ')}.`);
  const { sink } = read(parametersSchema, request.parameters, `The parameters of ${ID}`);
  return { sinkName, sink: sinkState(sink), destination: sink.destination };
}

async function write(
  clients: GcpClients,
  sinkName: string,
  current: JsonObject | null,
  sink: JsonObject,
): Promise<void> {
  if (sameSink(current, sink)) return;
  if (current === null) await createSink(clients, sinkName, sink);
  else await updateSink(clients, sinkName, maskOf(current, sink), sink);
}

function writeCall(sinkName: string, current: JsonObject | null, sink: JsonObject): PlannedCall {
  const [parent = '', name = ''] = sinkName.split('/sinks/');
  const parameters: Record<string, JsonValue> =
    current === null
      ? { parent, uniqueWriterIdentity: true, requestBody: { name, ...sink } }
      : { sinkName, uniqueWriterIdentity: true, updateMask: maskOf(current, sink), requestBody: sink };
  return { service: 'logging', operation: current === null ? 'sinks.create' : 'sinks.update', parameters };
}

import { z } from 'zod';

import { CordonFailure } from '../../../../contracts/failures.ts';
import { canonicalJson } from '../../../../domain/canonical.ts';
import type { JsonObject } from '../../../../domain/json.ts';
import type { ActionRequest } from '../../../../domain/plan.ts';
import type { Action } from '../../../port.ts';
import type { AzureClients } from '../../clients.ts';
import { confirmPrincipal, orNull } from '../../directory.ts';
import type { AzureSettings } from '../../settings.ts';
import type { Write } from '../../rest.ts';
import { planned, read as readAnswer } from '../../rest.ts';
import type { ActionFacts, AzureActionDefinition } from '../definition.ts';
import { armPermission, example, EXAMPLE_SERVICE_PRINCIPAL, graphPermission, read } from '../definition.ts';
import { settingBefore } from './before.ts';
import { DESTINATION_PERMISSIONS, linkObstacles, sentTo } from './destinations.ts';
import { DIAGNOSTIC_SETTING } from '../../names.ts';

const parametersSchema = z.strictObject({});
const properties = z.record(z.string(), z.json());
const priorSchema = z.object({ present: properties.nullable(), wanted: properties.nullable() });
const appliedSchema = z.object({ wanted: properties.nullable() });
const VERSION = { 'api-version': '2021-05-01-preview' };

const facts: ActionFacts = {
  id: 'restore-diagnostic-settings',
  cloud: 'azure',
  title: 'Restore where the log is sent',
  description:
    'Puts back a diagnostic setting that the principal deleted or changed: as the last write of it by someone else said, which the ' +
    'activity log keeps for 90 days. Where the log does not have it, nothing is written and the plan says so. The destination ' +
    '(workspace, storage account, event hub) must still be there, and Cordon needs the right to link to it, which is granted ' +
    'there and nowhere else. A rollback leaves the setting as the principal had left it.',
  effect: 'declarative',
  reversibility: 'exact',
  proof: 'The setting, read again, says what it said before.',
  survives: 'What happened in the meantime was not sent; the activity log itself keeps it for 90 days.',
  chosenInPrior: ['wanted'],
  permissions: [
    armPermission('Microsoft.Insights/diagnosticSettings/read', 'prior state, verification'),
    armPermission('Microsoft.Insights/eventtypes/values/read', 'what it was before'),
    armPermission('Microsoft.Insights/diagnosticSettings/write', 'the change and its rollback'),
    armPermission('Microsoft.Insights/diagnosticSettings/delete', 'the rollback'),
    ...DESTINATION_PERMISSIONS,
    graphPermission('User.Read.All', 'is it still the user of the plan'),
    graphPermission('Application.Read.All', 'is it still the service principal of the plan'),
  ],
  example: {
    ...example('restore-diagnostic-settings', EXAMPLE_SERVICE_PRINCIPAL),
    target:
      '/subscriptions/99999999-2222-4333-8444-555555555555/providers/microsoft.insights/diagnosticSettings/to-siem',
  },
};

export const restoreDiagnosticSettings: AzureActionDefinition = {
  facts,
  create: (clients, settings): Action => ({
    ...facts,
    async preflight(request) {
      const id = await confirmTarget(clients, settings, request);
      const [present, wanted] = await Promise.all([find(clients, id), settingBefore(clients, settings, request)]);
      const alreadySo = wanted !== null && says(present, wanted);
      const written = alreadySo ? null : wanted;
      return {
        prior: { present, wanted },
        alreadySo,
        calls: written === null ? [] : [planned(put(id, written))],
        mayBreak: written === null ? [] : [`${id} sends to ${sentTo(written)} again, and to nothing else.`],
        obstacles: written === null ? [] : await linkObstacles(clients, written),
        caveats:
          wanted === null ? [`What ${id} said before is not in the activity log: a person must restore it.`] : [],
      };
    },
    async apply(request, prior) {
      const id = await confirmTarget(clients, settings, request);
      const { wanted } = read(priorSchema, prior, `The prior state of ${facts.id}`);
      if (wanted !== null && !says(await find(clients, id), wanted))
        await clients.arm.call({ ...put(id, wanted), query: VERSION });
      return { result: { wanted } };
    },
    async verify(request, applied) {
      const id = await confirmTarget(clients, settings, request);
      const { wanted } = read(appliedSchema, applied, `The result of ${facts.id}`);
      if (wanted === null)
        return { status: 'holds', detail: `${id} was left as it is: what it said before is not known.` };
      if (says(await find(clients, id), wanted))
        return { status: 'holds', detail: `${id} says again what it said before.` };
      return { status: 'drifted', detail: `${id} is gone or says something else.` };
    },
    async revert(request, prior) {
      const id = await confirmTarget(clients, settings, request);
      const { present, wanted } = read(priorSchema, prior, `The prior state of ${facts.id}`);
      const now = await find(clients, id);
      if (wanted === null || same(now, present)) return;
      if (!says(now, wanted))
        throw new CordonFailure('Conflict', `${id} was changed by someone else since; it is left as it is.`);
      await clients.arm.call({ ...back(id, present), query: VERSION });
    },
    previewRevert(request, prior) {
      const id = targetOf(settings, request);
      const { present, wanted } = read(priorSchema, prior, `The prior state of ${facts.id}`);
      return wanted === null ? [] : [planned(back(id, present))];
    },
  }),
};

/** The setting's id, if it is one of our subscriptions and the case's principal is still who it was. */
async function confirmTarget(clients: AzureClients, settings: AzureSettings, request: ActionRequest): Promise<string> {
  const id = targetOf(settings, request);
  const { principal } = request;
  if (principal.cloud !== 'azure') throw new CordonFailure('TargetRefused', `${facts.id} is for principals of Azure.`);
  await confirmPrincipal(clients, example(request.action, principal), settings.tenantId);
  return id;
}

function targetOf({ subscriptions }: AzureSettings, request: ActionRequest): string {
  read(parametersSchema, request.parameters, `The parameters of ${facts.id}`);
  const subscription = DIAGNOSTIC_SETTING.exec(request.target)?.[2]?.toLowerCase();
  if (
    subscription === undefined ||
    !subscriptions.some((id) => id.toLowerCase() === subscription) ||
    request.target.includes('..')
  )
    throw new CordonFailure('TargetRefused', 'The target is not one diagnostic setting in one of our subscriptions.');
  return request.target;
}

async function find({ arm }: AzureClients, id: string): Promise<JsonObject | null> {
  const found = await orNull(arm.call({ method: 'GET', path: encodeURI(id), query: VERSION }));
  return found === null ? null : readAnswer(z.object({ properties }), found, `GET ${id}`).properties;
}

const put = (id: string, said: JsonObject): Write => ({
  service: 'arm',
  method: 'PUT',
  path: encodeURI(id),
  body: { properties: said },
});

function back(id: string, present: JsonObject | null): Write {
  return present === null ? { service: 'arm', method: 'DELETE', path: encodeURI(id) } : put(id, present);
}

/** Azure adds what was left out: what was asked for must be there, more may be. */
function says(present: JsonObject | null, wanted: JsonObject): boolean {
  if (present === null) return false;
  return Object.entries(wanted).every(([key, value]) => same({ value: present[key] ?? null }, { value }));
}

const same = (one: JsonObject | null, other: JsonObject | null) =>
  canonicalJson({ one }) === canonicalJson({ one: other });

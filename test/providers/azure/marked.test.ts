import { afterEach, beforeEach, expect, it } from 'vitest';

import { orphanOfMark } from '../../../src/containment/orphans.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { LedgerEntry } from '../../../src/domain/ledger.ts';
import { resourceOf } from '../../../src/domain/principal.ts';
import type { Stage } from './stage.ts';
import { applied, buildStage, CASE } from './stage.ts';

let stage: Stage;
beforeEach(async () => void (stage = await buildStage()));
afterEach(() => stage.azure.stop());

const TIGHTEN = 'tighten-role-assignments';
const read = () => stage.provider.marked(stage.azure.tenantId, []);

/** Put there by hand, by whoever may assign roles. */
async function assign(description: string): Promise<void> {
  const authorization = stage.clients.authorization(
    stage.clients.credential(stage.cordon),
    stage.settings.subscriptions[0] ?? '',
  );
  const filter = { filter: "roleName eq 'Reader'" };
  const { value: reader } = await authorization.roleDefinitions.list(stage.group.slice(1), filter).next();
  await authorization.roleAssignments.create(stage.group.slice(1), crypto.randomUUID(), {
    roleDefinitionId: (reader as { id?: string } | undefined)?.id ?? '',
    principalId: stage.neighbour.servicePrincipal.id,
    description,
  });
}

it('the role that was put in the place of a broad one is found, and is no orphan while the ledger says that it stands', async () => {
  expect(await read()).toEqual({ marks: [], credentials: [], unread: [] });
  const { request, result } = await applied(stage, TIGHTEN);
  const { marks, unread } = await read();
  expect(unread).toEqual([]);
  expect(marks).toMatchObject([{ kind: 'role assignment', caseId: CASE, targets: [resourceOf(stage.pipeline)] }]);

  const common = { caseId: CASE, key: '1', sequence: 1, at: '2026-01-01T00:00:00.000Z', previousHash: '', hash: '' };
  const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as JsonObject;
  const entries: LedgerEntry[] = [
    { ...common, type: 'intent', body: asJson({ request }) },
    { ...common, type: 'outcome', body: asJson({ status: 'applied', action: TIGHTEN, result }) },
  ];
  const reading = {
    cloud: 'azure',
    accountId: stage.azure.tenantId,
    readAt: common.at,
    marks,
    credentials: [],
    unread,
  } as const;
  for (const mark of marks) {
    expect(orphanOfMark(mark, { caseId: CASE, state: 'CLOSED', entries }, reading)).toBeNull();
    expect(orphanOfMark(mark, null, reading)).toMatchObject({
      remedy: expect.stringContaining(`--ids '${mark.trace}'`) as string,
    });
    const madeNothing = entries.map((entry) => ({ ...entry, body: { ...entry.body, result: { created: [] } } }));
    expect(orphanOfMark(mark, { caseId: CASE, state: 'CLOSED', entries: madeNothing }, reading)).not.toBeNull();
  }
});

it.each([
  [`Cordon ${CASE}: in place of Owner`, CASE],
  ['Cordon ca_1\u202e<!channel>: in place of Owner', null],
  ['Cordon, our responder', undefined],
  [`Not Cordon ${CASE}: in place of Owner`, undefined],
])('a description that somebody chose, %j, is the mark of %s', async (description, caseId) => {
  await assign(description);
  const { marks } = await read();
  expect(marks.map((mark) => mark.caseId)).toEqual(caseId === undefined ? [] : [caseId]);
  expect(JSON.stringify(marks)).not.toContain('channel');
});

it('a subscription that can not be read is said', async () => {
  stage.azure.faults.add({ match: /^GET .*roleAssignments/u, kind: '403' });
  const [subscription = ''] = stage.settings.subscriptions;
  const { unread } = await read();
  expect(unread).toEqual([expect.stringContaining(`Role assignments of subscription ${subscription}: `)]);
});

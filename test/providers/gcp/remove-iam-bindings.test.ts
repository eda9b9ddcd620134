import { cloudresourcemanager_v3 as resourcemanager } from '@googleapis/cloudresourcemanager';
import { describe, expect, it } from 'vitest';

import type { GcpPrincipal } from '../../../src/domain/principal.ts';
import { createGcpClients } from '../../../src/providers/gcp/clients.ts';
import { createGcpProvider, leastPrivilegeRole } from '../../../src/providers/gcp/index.ts';
import { bearer } from '../../support/gcp/index.ts';
import { ALL, apply, bindingsOn, CASE, chosen, CONDITION, stage, tries, useStage, writes } from './stage.ts';

useStage();

const ID = 'remove-iam-bindings';
const ADMINS = { role: 'roles/compute.viewer', members: ['user:admin@example.com'] };
const POLICY = /POST \/v3\/projects\/shop-prod:setIamPolicy/u;

/** An administrator who changes the policy of the project by the same rules. */
async function administer(change: (bindings: resourcemanager.Schema$Binding[]) => resourcemanager.Schema$Binding[]) {
  stage.gcp.addUser('admin@example.com');
  stage.gcp.bind(stage.organization, 'roles/resourcemanager.organizationAdmin', 'user:admin@example.com');
  const auth = bearer(stage.gcp.accessToken('admin@example.com'));
  const { projects } = new resourcemanager.Cloudresourcemanager({ rootUrl: `${stage.gcp.url}/`, auth });
  const resource = stage.shop;
  const { data } = await projects.getIamPolicy({ resource, requestBody: { options: { requestedPolicyVersion: 3 } } });
  const policy = { etag: data.etag ?? '', version: 3, bindings: change(data.bindings ?? []) };
  await projects.setIamPolicy({ resource, requestBody: { policy } });
}

describe('remove-iam-bindings', () => {
  it('takes the member out of every role, also above and on other accounts; nobody else, and no condition', async () => {
    expect(await tries(stage.key)).toBe('accepted');
    await apply(ID);
    const { email } = stage.billing;
    expect(bindingsOn(stage.shop)).toEqual([
      `roles/storage.admin (${CONDITION.title}): serviceAccount:${email}`,
      `roles/viewer: serviceAccount:${email}`,
    ]);
    expect([...bindingsOn(stage.folder), ...bindingsOn(stage.billing.name)]).toEqual([]);
    expect(stage.gcp.snapshot()).toContain(JSON.stringify(CONDITION.expression));
    expect(await tries(stage.key)).toBe('403');
    expect(await tries(await stage.gcp.addKey(email))).toBe('accepted');
  });

  it('tells the same role apart by its condition, there and back', async () => {
    stage.gcp.bind(stage.shop, 'roles/storage.admin', stage.member);
    stage.gcp.bind(stage.shop, 'roles/storage.admin', stage.member, {
      ...CONDITION,
      expression: 'resource.type == "x"',
    });
    const snapshot = stage.gcp.snapshot();
    const undo = await apply(ID);
    expect(bindingsOn(stage.shop).join(' ')).not.toContain(stage.member);
    await undo();
    expect(stage.gcp.snapshot()).toEqual(snapshot);
  });

  it('shows each change as Google logs it: role, member and condition', async () => {
    const { action, request } = chosen(ID);
    const { calls, prior } = await action.preflight(request);
    await action.apply(request, prior);
    const logged = stage.gcp.log().flatMap((entry) => {
      const { methodName, serviceData } = entry['protoPayload'] as {
        methodName: string;
        serviceData?: { policyDelta: { bindingDeltas: object[] } };
      };
      return /SetI(?:am|AM)Policy$/u.test(methodName) ? (serviceData?.policyDelta.bindingDeltas ?? []) : [];
    });
    const text = (deltas: readonly unknown[]) =>
      deltas
        .map((one) => JSON.stringify(one, ['action', 'role', 'member', 'condition', 'title', 'expression']))
        .toSorted();
    expect(text(logged)).toEqual(text(calls.flatMap(({ parameters }) => parameters['bindingDeltas'] as object[])));
  });

  it('does the same for a person, whatever the case of the address', async () => {
    const principal: GcpPrincipal = { cloud: 'gcp', kind: 'google-user', accountId: 'goog', name: 'alice@example.com' };
    stage.gcp.bind(stage.shop, 'roles/editor', 'user:Alice@example.com');
    const snapshot = stage.gcp.snapshot();
    const undo = await apply(ID, { principal });
    expect(bindingsOn(stage.shop).join(' ')).not.toContain('lice@example.com');
    await undo();
    expect(stage.gcp.snapshot()).toEqual(snapshot);
  });

  it('says beforehand that no rollback makes a person an owner again, and gives back all else', async () => {
    const principal: GcpPrincipal = { cloud: 'gcp', kind: 'google-user', accountId: 'goog', name: 'alice@example.com' };
    for (const role of ['roles/owner', 'roles/viewer']) stage.gcp.bind(stage.shop, role, 'user:alice@example.com');
    const { action, request } = chosen(ID, { principal });
    const { prior, mayBreak } = await action.preflight(request);
    expect(mayBreak).toContainEqual(expect.stringMatching(/does not give roles\/owner .* back .*in the console/u));
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    expect(bindingsOn(stage.shop).join(' ')).not.toContain('alice');
    expect(action.restores?.(prior, result, []).left).toEqual([expect.stringContaining('roles/owner')]);
    await action.revert(request, prior, result);
    expect(bindingsOn(stage.shop).filter((line) => line.includes('alice'))).toEqual([
      expect.stringMatching(/^roles\/viewer: .*user:alice@example\.com/u),
    ]);
  });

  it('leaves the last owner of a project without an organisation, says so, and takes all else', async () => {
    const principal: GcpPrincipal = { cloud: 'gcp', kind: 'google-user', accountId: 'goog', name: 'alice@example.com' };
    const solo = stage.gcp.addProject('solo-shop');
    const { includedPermissions } = leastPrivilegeRole(ALL, { projects: ['solo-shop'] }, 'project');
    stage.gcp.addCustomRole(`${solo}/roles/cordon`, includedPermissions);
    stage.gcp.bind(solo, `${solo}/roles/cordon`, `serviceAccount:${stage.cordonEmail}`);
    for (const role of ['roles/owner', 'roles/viewer']) stage.gcp.bind(solo, role, 'user:alice@example.com');
    const provider = createGcpProvider({ ...stage.settings, projects: ['solo-shop'] });
    const [request] = provider.propose(principal, null, CASE, [ID]).requests;
    const { [ID]: action } = provider.actions;
    if (!request || !action) throw new Error(`no ${ID}`);
    const { prior, caveats } = await action.preflight(request);
    expect(caveats).toEqual([expect.stringMatching(/keeps roles\/owner on projects\/solo-shop/u)]);
    const { result } = await action.apply(request, prior);
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    expect(bindingsOn(solo).filter((line) => line.includes('alice'))).toEqual(['roles/owner: user:alice@example.com']);
    expect(await action.preflight(request)).toMatchObject({ alreadySo: true, caveats });
    stage.gcp.bind(solo, 'roles/owner', 'user:bob@example.com');
    expect(await action.verify(request, result)).toMatchObject({ status: 'drifted' });
  });

  it('reads again after a conflict and keeps what the other one wrote; the same body is never sent twice', async () => {
    const clients = createGcpClients(stage.settings);
    const { projects } = clients.resources;
    const set = projects.setIamPolicy.bind(projects) as (request: unknown) => Promise<never>;
    let first = true;
    projects.setIamPolicy = async (request: unknown) => {
      // Somebody writes between our read and our write.
      if (first) await administer((bindings) => [...bindings, ADMINS]);
      first = false;
      return set(request);
    };
    const { request } = chosen(ID);
    const { [ID]: action } = createGcpProvider(stage.settings, clients).actions;
    if (!action) throw new Error(`no ${ID}`);
    const { result } = await action.apply(request, (await action.preflight(request)).prior);
    expect(bindingsOn(stage.shop)).toContain('roles/compute.viewer: user:admin@example.com');
    expect(await action.verify(request, result)).toMatchObject({ status: 'holds' });
    const ours = stage.gcp.requests.filter(
      ({ method, path, caller }) => caller === stage.cordonEmail && POLICY.test(`${method} ${path}`),
    );
    expect(ours.map(({ status }) => status)).toEqual([409, 200]);
    expect(ours[0]?.body).not.toEqual(ours[1]?.body);
  });

  it('gives up as a conflict where the policy never stands still', async () => {
    const { action, request } = chosen(ID);
    const { prior } = await action.preflight(request);
    stage.gcp.faults.add({ match: POLICY, kind: '409', times: 20 });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'Conflict', final: false });
  });

  it('after an answer that was lost, knows all that it removed', async () => {
    const { action, request } = chosen(ID);
    const snapshot = stage.gcp.snapshot();
    const { prior } = await action.preflight(request);
    stage.gcp.faults.add({ match: POLICY, kind: 'drop-after' });
    await expect(action.apply(request, prior)).rejects.toMatchObject({ type: 'Unavailable' });
    const { result } = await action.apply(request, prior);
    await action.revert(request, prior, result);
    expect(stage.gcp.snapshot()).toEqual(snapshot);
  });

  it('keeps what others changed meanwhile, and makes a binding anew that went away with its last member', async () => {
    const undo = await apply(ID);
    await administer((bindings) => [...bindings, { role: 'roles/browser', members: ['user:admin@example.com'] }]);
    await undo();
    expect(bindingsOn(stage.shop)).toEqual(
      expect.arrayContaining([`roles/editor: ${stage.member}`, 'roles/browser: user:admin@example.com']),
    );
  });

  it.each([
    [
      'took the binding away',
      (bindings: resourcemanager.Schema$Binding[]) => bindings.filter(({ condition }) => !condition),
    ],
    [
      'changed its condition',
      (bindings: resourcemanager.Schema$Binding[]) =>
        bindings.map((one) =>
          one.condition ? { ...one, condition: { ...one.condition, expression: 'resource.type == "y"' } } : one,
        ),
    ],
    [
      'gave the role under a condition of their own',
      (bindings: resourcemanager.Schema$Binding[]) => [
        ...bindings,
        {
          role: 'roles/editor',
          members: [stage.member],
          condition: { title: 'narrow', expression: 'resource.type == "y"' },
        },
      ],
    ],
  ])('refuses to undo, and undoes nothing, where somebody %s since', async (_, change) => {
    const undo = await apply(ID);
    await administer(change);
    const start = stage.gcp.requests.length;
    const snapshot = stage.gcp.snapshot();
    await expect(undo()).rejects.toMatchObject({ type: 'Conflict' });
    expect(writes(start)).toEqual([]);
    expect(stage.gcp.snapshot()).toEqual(snapshot);
  });

  it('says drifted when somebody put it back', async () => {
    const { action, request } = chosen(ID);
    const { result } = await action.apply(request, (await action.preflight(request)).prior);
    stage.gcp.bind(stage.organization, 'roles/owner', stage.member);
    expect(await action.verify(request, result)).toMatchObject({
      status: 'drifted',
      detail: expect.stringContaining('roles/owner on organizations/'),
    });
  });
});

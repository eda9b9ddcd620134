import { existsSync, readFileSync } from 'node:fs';

import { afterEach, expect, test } from 'vitest';

import { startGcp, type GcpDouble } from './index.ts';

const DATA = new URL('../../../../shared/data/gcp-security-analytics/', import.meta.url);

let gcp: GcpDouble;
afterEach(() => gcp.stop());

/** Paths of all fields, list items as one; what a request or a response holds is the caller's. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (/\.(request|response|bindingDeltas|labels|member|requestAttributes)$/.test(path)) return [path];
  if (Array.isArray(value)) return value.flatMap((one) => fieldsOf(one, path));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, one]) => fieldsOf(one, `${path}.${key}`));
}

const RECORDED = [
  ['google.cloud.audit.AuditLog.GetProject.json', 'GET', '/v3/projects/shop-prod'],
  ['google.iam.admin.v1.SetIamPolicy-keyAdmin.json', 'POST', '/v1/ACCOUNT:setIamPolicy'],
] as const;

test.skipIf(!existsSync(DATA)).each(RECORDED)(
  'an entry has every field of the recorded %s',
  async (file, method, path) => {
    gcp = await startGcp();
    const project = gcp.addProject('shop-prod', gcp.addOrganization());
    const account = gcp.addServiceAccount(project, 'deployer');
    const admin = gcp.addUser('admin@example.com');
    gcp.bind(project, 'roles/owner', admin);
    const policy = { bindings: [{ role: 'roles/iam.serviceAccountKeyAdmin', members: [admin] }] };
    await fetch(`${gcp.url}${path.replace('ACCOUNT', account.name)}`, {
      method,
      headers: { authorization: `Bearer ${gcp.accessToken('admin@example.com')}` },
      ...(method === 'POST' ? { body: JSON.stringify({ policy }) } : {}),
    });
    const recorded = JSON.parse(readFileSync(new URL(file, DATA), 'utf8')) as { protoPayload: { methodName: string } };
    const [made] = gcp.log();
    expect(made).toMatchObject({ protoPayload: { methodName: recorded.protoPayload.methodName } });
    expect(fieldsOf(made)).toEqual(expect.arrayContaining(fieldsOf(recorded)));
  },
);

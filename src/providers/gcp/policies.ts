import { CordonFailure } from '../../contracts/failures.ts';
import type { GcpClients } from './clients.ts';

export interface Condition {
  readonly title?: string | null;
  readonly description?: string | null;
  readonly expression?: string | null;
  readonly location?: string | null;
}

/** As Google sends it: what is not ours to change goes back as it came. */
export interface Binding {
  readonly role?: string | null;
  readonly members?: string[] | null;
  readonly condition?: Condition | null;
}

export interface AuditConfig {
  readonly service?: string | null;
  readonly auditLogConfigs?:
    | readonly { readonly logType?: string | null; readonly exemptedMembers?: readonly string[] | null }[]
    | null;
}

export interface Policy {
  readonly etag: string;
  readonly bindings: readonly Binding[];
  readonly auditConfigs: readonly AuditConfig[];
}

/** Below this version conditions are not shown, and a policy written back loses them. */
const VERSION = 3;
const TRIES = 4;

/** `resource` is a container or a service account, as calls name it: `projects/p`, `projects/p/serviceAccounts/e`. */
export async function readPolicy(clients: GcpClients, resource: string): Promise<Policy> {
  const { data } = await getIamPolicy(clients, resource);
  if (!data.etag) throw new CordonFailure('Unavailable', `The policy of ${resource} came without an etag.`);
  return {
    etag: data.etag,
    bindings: (data.bindings ?? []) as readonly Binding[],
    auditConfigs: (data.auditConfigs ?? []) as readonly AuditConfig[],
  };
}

/**
 * Read, change, write with the etag of the read. On a conflict everything is read and computed anew; the same body is never sent
 * twice. `change` answers null where there is nothing to do, and may throw to refuse.
 */
export async function changePolicy(
  clients: GcpClients,
  resource: string,
  change: (bindings: readonly Binding[]) => readonly Binding[] | null,
): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    const { etag, bindings } = await readPolicy(clients, resource);
    const wanted = change(bindings);
    if (wanted === null) return false;
    try {
      await setIamPolicy(clients, resource, { version: VERSION, etag, bindings: [...wanted] });
      return true;
    } catch (error) {
      if (!(error instanceof CordonFailure) || error.type !== 'Conflict' || tries >= TRIES) throw error;
    }
  }
}

export function sameCondition(left: Condition | null | undefined, right: Condition | null | undefined): boolean {
  const text = (condition: Condition | null | undefined) =>
    condition
      ? JSON.stringify([
          condition.expression ?? '',
          condition.title ?? '',
          condition.description ?? '',
          condition.location ?? '',
        ])
      : '';
  return text(left) === text(right);
}

function getIamPolicy(clients: GcpClients, resource: string) {
  const { iam, resources } = clients;
  if (resource.includes('/serviceAccounts/'))
    return iam.projects.serviceAccounts
      .getIamPolicy({ resource, 'options.requestedPolicyVersion': VERSION })
      .then(untyped);
  const request = { resource, requestBody: { options: { requestedPolicyVersion: VERSION } } };
  return collectionOf(resources, resource).getIamPolicy(request).then(untyped);
}

async function setIamPolicy(
  clients: GcpClients,
  resource: string,
  policy: { readonly version: number; readonly etag: string; readonly bindings: Binding[] },
): Promise<void> {
  const bindings = policy.bindings.map(({ role, members, condition }) => ({
    role: role ?? '',
    members: members ?? [],
    ...(condition ? { condition } : {}),
  }));
  const request = { resource, requestBody: { policy: { ...policy, bindings }, updateMask: 'bindings,etag' } };
  if (resource.includes('/serviceAccounts/')) await clients.iam.projects.serviceAccounts.setIamPolicy(request);
  else await collectionOf(clients.resources, resource).setIamPolicy(request);
}

/** The three answer alike, but TypeScript can't call a union of their overloads. */
function collectionOf(resources: GcpClients['resources'], resource: string): GcpClients['resources']['projects'] {
  if (resource.startsWith('projects/')) return resources.projects;
  if (resource.startsWith('folders/')) return resources.folders;
  if (resource.startsWith('organizations/'))
    return resources.organizations as unknown as GcpClients['resources']['projects'];
  throw new CordonFailure('ValidationFailed', `${resource} is no place whose bindings Cordon changes.`);
}

interface Answer {
  readonly data: {
    readonly etag?: string | null;
    readonly bindings?: unknown;
    readonly auditConfigs?: unknown;
  };
}

/** The same policy has a type of its own in each SDK. */
function untyped(answer: Answer): Answer {
  return answer;
}

import { createHash, randomUUID } from 'node:crypto';

export type Json = Readonly<Record<string, unknown>>;

/** Answered as AWS JSON 1.1 answers an error: its name in `__type`, 400 unless the service itself failed. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Empty for what is no text: the name of nothing. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export const notFound = (what: string) => new ApiError('ResourceNotFoundException', `${what} is not found.`);

export interface PermissionSet {
  readonly arn: string;
  readonly name: string;
  inlinePolicy: string | null;
  /** Counts the changes; an account that has an older one is not up to date. */
  version: number;
  /** Version of each account that it is provisioned to. */
  readonly accounts: Map<string, number>;
}

export interface Assignment {
  readonly AccountId: string;
  readonly PermissionSetArn: string;
  readonly PrincipalType: 'USER' | 'GROUP';
  readonly PrincipalId: string;
}

/** An asynchronous request, as its Describe call tells it. */
export interface Operation {
  readonly kind: 'provisioning' | 'creation' | 'deletion';
  readonly requestId: string;
  readonly permissionSetArn: string;
  status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';
  failureReason?: string;
  /** Epoch seconds. */
  readonly createdAt: number;
}

export interface User {
  readonly id: string;
  readonly name: string;
  disabled: boolean;
}

/** The roles of permission sets in the accounts. */
export interface Roles {
  put(accountId: string, roleName: string, inlinePolicy: string | null): Promise<void>;
  remove(accountId: string, roleName: string): Promise<void>;
}

/** One organisation's Identity Center: people, groups, permission sets, who holds which where. */
export class Organisation {
  readonly instanceArn = 'arn:aws:sso:::instance/ssoins-0123456789abcdef';
  readonly identityStoreId = 'd-1234567890';
  readonly users = new Map<string, User>();
  /** Members by group id. */
  readonly groups = new Map<string, Set<string>>();
  readonly permissionSets = new Map<string, PermissionSet>();
  assignments: readonly Assignment[] = [];
  readonly operations = new Map<string, Operation>();
  readonly roles: Roles;
  /** How long an asynchronous request takes, and what it then fails with. */
  takesMs = 20;
  failsWith: string | null = null;
  /** How often each role was made: a role that comes back has another name and another id. */
  readonly #generations = new Map<string, number>();

  constructor(roles: Roles) {
    this.roles = roles;
  }

  addUser(name: string): User {
    const user = { id: `9067${randomUUID().replaceAll('-', '').slice(0, 6)}-${randomUUID()}`, name, disabled: false };
    this.users.set(user.id, user);
    return user;
  }

  addGroup(...members: readonly User[]): string {
    const id = randomUUID();
    this.groups.set(id, new Set(members.map((user) => user.id)));
    return id;
  }

  addPermissionSet(name: string, inlinePolicy: string | null = null): PermissionSet {
    const id = createHash('sha256').update(name).digest('hex').slice(0, 16);
    const arn = `arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-${id}`;
    const set = { arn, name, inlinePolicy, version: 1, accounts: new Map<string, number>() };
    this.permissionSets.set(arn, set);
    return set;
  }

  permissionSet(arn: unknown): PermissionSet {
    const found = this.permissionSets.get(textOf(arn));
    if (!found) throw notFound(`Permission set ${textOf(arn)}`);
    return found;
  }

  groupsOf(userId: string): readonly string[] {
    return [...this.groups].flatMap(([id, members]) => (members.has(userId) ? [id] : []));
  }

  roleName(set: PermissionSet, accountId: string): string {
    const generation = this.#generations.get(`${accountId} ${set.arn}`) ?? 0;
    const hash = createHash('sha256').update(`${accountId} ${set.arn} ${generation}`).digest('hex').slice(0, 16);
    return `AWSReservedSSO_${set.name}_${hash}`;
  }

  async provision(set: PermissionSet, accountIds: readonly string[]): Promise<void> {
    const { version, inlinePolicy } = set;
    for (const accountId of accountIds) {
      await this.roles.put(accountId, this.roleName(set, accountId), inlinePolicy);
      set.accounts.set(accountId, version);
    }
  }

  async assign(assignment: Assignment): Promise<void> {
    const set = this.permissionSet(assignment.PermissionSetArn);
    if (this.assignments.some((one) => isSame(one, assignment))) return;
    this.assignments = [...this.assignments, assignment];
    if (!set.accounts.has(assignment.AccountId)) await this.provision(set, [assignment.AccountId]);
  }

  /** The last assignment of a permission set in an account takes the role along. */
  async unassign(assignment: Assignment): Promise<void> {
    this.assignments = this.assignments.filter((one) => !isSame(one, assignment));
    const { AccountId, PermissionSetArn } = assignment;
    if (this.assignments.some((one) => one.AccountId === AccountId && one.PermissionSetArn === PermissionSetArn))
      return;
    const set = this.permissionSet(PermissionSetArn);
    await this.roles.remove(AccountId, this.roleName(set, AccountId));
    set.accounts.delete(AccountId);
    const key = `${AccountId} ${set.arn}`;
    this.#generations.set(key, (this.#generations.get(key) ?? 0) + 1);
  }

  /** Answers at once; the work is done some time later. */
  begin(kind: Operation['kind'], permissionSetArn: string, work: () => Promise<void>): Operation {
    const running = [...this.operations.values()].some(
      (one) => one.kind === kind && one.permissionSetArn === permissionSetArn && one.status === 'IN_PROGRESS',
    );
    if (running && kind === 'provisioning') {
      throw new ApiError('ConflictException', 'A provisioning of this permission set is in progress.');
    }
    const operation: Operation = {
      kind,
      requestId: randomUUID(),
      permissionSetArn,
      status: 'IN_PROGRESS',
      createdAt: Date.now() / 1000,
    };
    this.operations.set(operation.requestId, operation);
    setTimeout(() => void this.#finish(operation, work), this.takesMs);
    return operation;
  }

  async #finish(operation: Operation, work: () => Promise<void>): Promise<void> {
    try {
      if (this.failsWith !== null) throw new Error(this.failsWith);
      await work();
      operation.status = 'SUCCEEDED';
    } catch (error) {
      operation.failureReason = error instanceof Error ? error.message : String(error);
      operation.status = 'FAILED';
    }
  }

  /** All that a caller could change; equal before and after an exact rollback. */
  snapshot(): unknown {
    const sets = [...this.permissionSets.values()];
    return structuredClone({
      users: [...this.users.values()],
      assignments: this.assignments.map((one) => JSON.stringify(one)).toSorted(),
      permissionSets: sets.map((set) => ({
        name: set.name,
        inlinePolicy: set.inlinePolicy,
        accounts: [...set.accounts].map(([id, version]) => [id, version === set.version ? 'latest' : 'outdated']),
      })),
    });
  }
}

function isSame(one: Assignment, other: Assignment): boolean {
  const fields = ['AccountId', 'PermissionSetArn', 'PrincipalType', 'PrincipalId'] as const;
  return fields.every((field) => one[field] === other[field]);
}

import type { Assignment, Json, Operation, Organisation, User } from './identity-center-state.ts';
import { ApiError, notFound, textOf } from './identity-center-state.ts';

/** So small that a list of three takes two pages: a reader that forgets the rest is found out. */
const PAGE = 2;
const ACCOUNT = /^\d{12}$/u;
const INSTANCE = /^arn:aws:sso:::instance\/(?:sso)?ins-[a-zA-Z0-9-.]{16}$/u;
const PERMISSION_SET = /^arn:aws:sso:::permissionSet\/(?:sso)?ins-[a-zA-Z0-9-.]{16}\/ps-[a-zA-Z0-9-./]{16}$/u;
const PRINCIPAL = /^(?:[0-9a-f]{10}-|)[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}$/u;
/** The service's quota, in characters without white space. */
const LONGEST_POLICY = 10_240;

type Operations = Readonly<Record<string, (organisation: Organisation, input: Json) => Json | Promise<Json>>>;

/**
 * https://docs.aws.amazon.com/singlesignon/latest/APIReference and …/IdentityStoreAPIReference: the calls that Cordon makes and
 * their undoing, by the name in `x-amz-target`. What an answer holds and which error is said when follows the reference.
 */
export const OPERATIONS: Operations = {
  'AWSIdentityStore.GetUserId': (organisation, input) => {
    const { UniqueAttribute } = record(input['AlternateIdentifier']);
    const { AttributePath, AttributeValue } = record(UniqueAttribute);
    if (AttributePath !== 'userName') throw invalid('Only userName is known here.');
    const user = [...organisation.users.values()].find(({ name }) => name === AttributeValue);
    if (!user) throw notFound('USER');
    return { IdentityStoreId: organisation.identityStoreId, UserId: user.id };
  },
  'AWSIdentityStore.DescribeUser': (organisation, input) => {
    const user = userOf(organisation, input['UserId']);
    return {
      IdentityStoreId: organisation.identityStoreId,
      UserId: user.id,
      UserName: user.name,
      UserStatus: user.disabled ? 'DISABLED' : 'ENABLED',
    };
  },
  'AWSIdentityStore.ListGroupMembershipsForMember': (organisation, input) => {
    const { id } = userOf(organisation, record(input['MemberId'])['UserId']);
    const all = organisation.groupsOf(id).map((GroupId) => ({
      IdentityStoreId: organisation.identityStoreId,
      MembershipId: GroupId,
      GroupId,
      MemberId: { UserId: id },
    }));
    return page(input, 'GroupMemberships', all);
  },
  'SWBExternalService.ListAccountAssignmentsForPrincipal': (organisation, input) => {
    const { PrincipalId, PrincipalType } = input;
    if (!PRINCIPAL.test(textOf(PrincipalId))) throw invalid('PrincipalId');
    const all = organisation.assignments.filter(
      (one) => one.PrincipalId === PrincipalId && one.PrincipalType === PrincipalType,
    );
    return page(input, 'AccountAssignments', all);
  },
  'SWBExternalService.DescribePermissionSet': (organisation, input) => {
    const { arn, name } = organisation.permissionSet(input['PermissionSetArn']);
    return {
      PermissionSet: { Name: name, PermissionSetArn: arn, SessionDuration: 'PT12H', CreatedDate: 1_700_000_000 },
    };
  },
  'SWBExternalService.ListPermissionSetsProvisionedToAccount': (organisation, input) => {
    const sets = [...organisation.permissionSets.values()];
    const all = sets.flatMap(({ arn, accounts }) => (accounts.has(textOf(input['AccountId'])) ? [arn] : []));
    return page(input, 'PermissionSets', all);
  },
  'SWBExternalService.ListAccountsForProvisionedPermissionSet': (organisation, input) => {
    const set = organisation.permissionSet(input['PermissionSetArn']);
    const wanted = input['ProvisioningStatus'];
    const all = [...set.accounts].flatMap(([id, version]) => {
      const status =
        version === set.version ? 'LATEST_PERMISSION_SET_PROVISIONED' : 'LATEST_PERMISSION_SET_NOT_PROVISIONED';
      return wanted === undefined || wanted === status ? [id] : [];
    });
    return page(input, 'AccountIds', all);
  },
  'SWBExternalService.GetInlinePolicyForPermissionSet': (organisation, input) => ({
    InlinePolicy: organisation.permissionSet(input['PermissionSetArn']).inlinePolicy ?? '',
  }),
  'SWBExternalService.PutInlinePolicyToPermissionSet': (organisation, input) => {
    const set = organisation.permissionSet(input['PermissionSetArn']);
    const policy = input['InlinePolicy'];
    if (typeof policy !== 'string' || !isJson(policy)) throw invalid('InlinePolicy is not valid.');
    if (policy.replaceAll(/\s/gu, '').length > LONGEST_POLICY) {
      throw new ApiError('ServiceQuotaExceededException', 'The inline policy is too long.');
    }
    change(set, policy);
    return {};
  },
  'SWBExternalService.DeleteInlinePolicyFromPermissionSet': (organisation, input) => {
    const set = organisation.permissionSet(input['PermissionSetArn']);
    if (set.inlinePolicy === null) throw notFound('The inline policy');
    change(set, null);
    return {};
  },
  'SWBExternalService.ProvisionPermissionSet': (organisation, input) => {
    const set = organisation.permissionSet(input['PermissionSetArn']);
    if (input['TargetType'] === 'AWS_ACCOUNT' && !ACCOUNT.test(textOf(input['TargetId']))) throw invalid('TargetId');
    const accounts = () =>
      input['TargetType'] === 'AWS_ACCOUNT' ? [textOf(input['TargetId'])] : [...set.accounts.keys()];
    const operation = organisation.begin('provisioning', set.arn, () => organisation.provision(set, accounts()));
    return { PermissionSetProvisioningStatus: statusOf(operation) };
  },
  'SWBExternalService.DescribePermissionSetProvisioningStatus': (organisation, input) => ({
    PermissionSetProvisioningStatus: statusOf(
      operationOf(organisation, input['ProvisionPermissionSetRequestId'], 'provisioning'),
    ),
  }),
  'SWBExternalService.CreateAccountAssignment': (organisation, input) => {
    const assignment = assignmentOf(organisation, input);
    const operation = organisation.begin('creation', assignment.PermissionSetArn, () =>
      organisation.assign(assignment),
    );
    return { AccountAssignmentCreationStatus: { ...statusOf(operation), ...asTarget(assignment) } };
  },
  'SWBExternalService.DeleteAccountAssignment': (organisation, input) => {
    const assignment = assignmentOf(organisation, input);
    const operation = organisation.begin('deletion', assignment.PermissionSetArn, () =>
      organisation.unassign(assignment),
    );
    return { AccountAssignmentDeletionStatus: { ...statusOf(operation), ...asTarget(assignment) } };
  },
  'SWBExternalService.DescribeAccountAssignmentCreationStatus': (organisation, input) => ({
    AccountAssignmentCreationStatus: statusOf(
      operationOf(organisation, input['AccountAssignmentCreationRequestId'], 'creation'),
    ),
  }),
  'SWBExternalService.DescribeAccountAssignmentDeletionStatus': (organisation, input) => ({
    AccountAssignmentDeletionStatus: statusOf(
      operationOf(organisation, input['AccountAssignmentDeletionRequestId'], 'deletion'),
    ),
  }),
};

/** The service prefix of IAM, and what of it a call is about, by the Service Authorization Reference. */
export function authorizationOf(target: string, input: Json): { action: string; resources: readonly string[] } {
  const [service, operation = ''] = target.split('.');
  if (service === 'AWSIdentityStore') return { action: `identitystore:${operation}`, resources: ['*'] };
  const account = input['TargetId'] ?? (operation.includes('ToAccount') ? input['AccountId'] : undefined);
  const named = [
    input['InstanceArn'],
    input['PermissionSetArn'],
    account && `arn:aws:sso:::account/${textOf(account)}`,
  ];
  return { action: `sso:${operation}`, resources: named.filter((one): one is string => typeof one === 'string') };
}

/** What every call names is checked before anything else. */
export function checkNames(organisation: Organisation, target: string, input: Json): void {
  const { InstanceArn, PermissionSetArn, IdentityStoreId } = input;
  if (target.startsWith('AWSIdentityStore.')) {
    if (IdentityStoreId !== organisation.identityStoreId) throw notFound('IDENTITY_STORE');
    return;
  }
  if (!INSTANCE.test(textOf(InstanceArn))) throw invalid('InstanceArn');
  if (InstanceArn !== organisation.instanceArn) throw notFound('The instance');
  if (PermissionSetArn !== undefined && !PERMISSION_SET.test(textOf(PermissionSetArn)))
    throw invalid('PermissionSetArn');
}

function change(set: { inlinePolicy: string | null; version: number }, policy: string | null): void {
  if (set.inlinePolicy === policy) return;
  set.inlinePolicy = policy;
  set.version += 1;
}

function userOf(organisation: Organisation, id: unknown): User {
  const user = organisation.users.get(textOf(id));
  if (!user) throw notFound('USER');
  return user;
}

function operationOf(organisation: Organisation, requestId: unknown, kind: Operation['kind']): Operation {
  const operation = organisation.operations.get(textOf(requestId));
  if (operation?.kind !== kind) throw notFound('The request');
  return operation;
}

function statusOf({ status, requestId, permissionSetArn, failureReason, createdAt }: Operation): Json {
  return {
    Status: status,
    RequestId: requestId,
    PermissionSetArn: permissionSetArn,
    CreatedDate: createdAt,
    ...(failureReason === undefined ? {} : { FailureReason: failureReason }),
  };
}

function assignmentOf(organisation: Organisation, input: Json): Assignment {
  const { TargetId, TargetType, PrincipalType, PrincipalId } = input;
  if (!ACCOUNT.test(textOf(TargetId)) || TargetType !== 'AWS_ACCOUNT') throw invalid('TargetId');
  if (PrincipalType !== 'USER' && PrincipalType !== 'GROUP') throw invalid('PrincipalType');
  const known = PrincipalType === 'USER' ? organisation.users : organisation.groups;
  if (!known.has(textOf(PrincipalId))) throw notFound(PrincipalType);
  return {
    AccountId: textOf(TargetId),
    PermissionSetArn: organisation.permissionSet(input['PermissionSetArn']).arn,
    PrincipalType,
    PrincipalId: textOf(PrincipalId),
  };
}

function asTarget({ AccountId, PrincipalType, PrincipalId }: Assignment): Json {
  return { TargetId: AccountId, TargetType: 'AWS_ACCOUNT', PrincipalType, PrincipalId };
}

function page(input: Json, name: string, all: readonly unknown[]): Json {
  const from = Number(input['NextToken'] ?? 0);
  const next = from + PAGE;
  return { [name]: all.slice(from, next), ...(next < all.length ? { NextToken: String(next) } : {}) };
}

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function invalid(what: string): ApiError {
  return new ApiError('ValidationException', what);
}

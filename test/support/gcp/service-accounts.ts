import { GoogleError } from './google-error.ts';
import { jsonOf, textOf, type Json } from './json.ts';
import { param, type Call, type Route, type Target } from './route.ts';
import { accountName, accountOf, type ServiceAccount, type State } from './state.ts';

export const IAM = 'iam.googleapis.com';
export const ACCOUNT = String.raw`/v1/projects/(?<project>[^/]+)/serviceAccounts/(?<account>[^/:]+)`;

/** Where `-` stands for the project, an account that isn't there is a 403; with the project's name it is a 404. */
export function accountTarget(call: Call): Target {
  const [project, wanted] = [`projects/${param(call, 'project')}`, decodeURIComponent(param(call, 'account'))];
  const type = 'iam.googleapis.com/ServiceAccount';
  const found = [...call.state.accounts.values()].find((one) => one.email === wanted || one.uniqueId === wanted);
  if (found && (project === 'projects/-' || project === found.project)) {
    const monitored = {
      type: 'service_account',
      labels: { project_id: found.project.slice('projects/'.length), unique_id: found.uniqueId, email_id: found.email },
    };
    return { name: accountName(found), type, monitored, loggedName: `projects/-/serviceAccounts/${found.uniqueId}` };
  }
  if (project === 'projects/-') return { name: `projects/-/serviceAccounts/${wanted}`, type };
  return { name: project, type, missing: new GoogleError('NOT_FOUND', `Unknown service account`) };
}

export function accountIn(call: Call): ServiceAccount {
  return accountOf(call.state, decodeURIComponent(param(call, 'account')));
}

function shown(account: ServiceAccount): Json {
  return {
    name: accountName(account),
    projectId: account.project.slice('projects/'.length),
    uniqueId: account.uniqueId,
    email: account.email,
    displayName: account.displayName,
    etag: 'MDEwMjE5MjA=',
    oauth2ClientId: account.uniqueId,
    ...(account.disabled ? { disabled: true } : {}),
  };
}

function switching(verb: 'disable' | 'enable'): Route {
  return {
    method: 'POST',
    path: new RegExp(`^${ACCOUNT}:${verb}$`),
    service: IAM,
    methodName: `google.iam.admin.v1.${verb === 'disable' ? 'Disable' : 'Enable'}ServiceAccount`,
    permission: `iam.serviceAccounts.${verb}`,
    log: 'activity',
    target: accountTarget,
    answer(call) {
      accountIn(call).disabled = verb === 'disable';
      return {};
    },
  };
}

/** Minting a token for another account; its calls are logged with the asker as delegate. */
const generateAccessToken: Route = {
  method: 'POST',
  path: new RegExp(`^${ACCOUNT}:generateAccessToken$`),
  service: 'iamcredentials.googleapis.com',
  methodName: 'GenerateAccessToken',
  permission: 'iam.serviceAccounts.getAccessToken',
  log: 'data_access',
  target: accountTarget,
  answer(call) {
    const account = accountIn(call);
    const { scope, lifetime } = call.body;
    if (!Array.isArray(scope) || scope.length === 0)
      throw new GoogleError('INVALID_ARGUMENT', 'Request contains an invalid argument.');
    // How Google words this for a disabled account isn't documented; a token it must not give.
    if (account.disabled) throw new GoogleError('FAILED_PRECONDITION', `Service account ${account.email} is disabled.`);
    const lifetimeS = Number.parseInt(textOf(lifetime) ?? '3600s', 10);
    if (!(lifetimeS > 0 && lifetimeS <= 3600))
      throw new GoogleError('INVALID_ARGUMENT', 'The requested lifetime is longer than one hour.');
    const delegated = { email: account.email, member: `serviceAccount:${account.email}`, delegate: call.caller };
    const { token, expiresAtMs } = call.tokens.mint(delegated, lifetimeS);
    return { accessToken: token, expireTime: new Date(expiresAtMs).toISOString() };
  },
};

export const SERVICE_ACCOUNTS: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/v1\/projects\/(?<project>[^/]+)\/serviceAccounts$/,
    service: IAM,
    methodName: 'google.iam.admin.v1.ListServiceAccounts',
    permission: 'iam.serviceAccounts.list',
    log: 'data_access',
    target: (call) => ({
      name: `projects/${param(call, 'project')}`,
      type: 'cloudresourcemanager.googleapis.com/Project',
    }),
    answer({ state }, { name }) {
      const accounts = [...state.accounts.values()].filter(({ project }) => project === name);
      return accounts.length > 0 ? { accounts: accounts.map((one) => shown(one)) } : {};
    },
  },
  {
    method: 'GET',
    path: new RegExp(`^${ACCOUNT}$`),
    service: IAM,
    methodName: 'google.iam.admin.v1.GetServiceAccount',
    permission: 'iam.serviceAccounts.get',
    log: 'data_access',
    target: accountTarget,
    answer: (call) => shown(accountIn(call)),
  },
  {
    method: 'POST',
    path: /^\/v1\/projects\/(?<project>[^/]+)\/serviceAccounts$/,
    service: IAM,
    methodName: 'google.iam.admin.v1.CreateServiceAccount',
    permission: 'iam.serviceAccounts.create',
    log: 'activity',
    target: projectTarget,
    answer: create,
  },
  {
    method: 'DELETE',
    path: new RegExp(`^${ACCOUNT}$`),
    service: IAM,
    methodName: 'google.iam.admin.v1.DeleteServiceAccount',
    permission: 'iam.serviceAccounts.delete',
    log: 'activity',
    target: accountTarget,
    answer(call) {
      removeAccount(call.state, accountIn(call));
      return {};
    },
  },
  switching('disable'),
  switching('enable'),
  generateAccessToken,
];

/** Its keys and its own policy go with it; where it had roles, policies go on naming what was deleted. */
export function removeAccount(state: State, account: ServiceAccount): void {
  const { email, uniqueId } = account;
  state.accounts.delete(email);
  state.policies.delete(accountName(account));
  for (const [id, key] of state.keys) if (key.email === email) state.keys.delete(id);
  const renamed = (one: string) =>
    one === `serviceAccount:${email}` ? `deleted:serviceAccount:${email}?uid=${uniqueId}` : one;
  for (const policy of state.policies.values()) {
    policy.versions = policy.versions.map(({ fromMs, bindings }) => ({
      fromMs,
      bindings: bindings.map((one) => ({ ...one, members: one.members.map(renamed) })),
    }));
  }
}

function projectTarget(call: Call): Target {
  return { name: `projects/${param(call, 'project')}`, type: 'cloudresourcemanager.googleapis.com/Project' };
}

/** https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create */
function create({ state, body }: Call, { name: project }: Target): Json {
  const id = textOf(body['accountId']) ?? '';
  if (!/^(?=.{6,30}$)[a-z](?:[-a-z0-9]*[a-z0-9])$/u.test(id))
    throw new GoogleError('INVALID_ARGUMENT', 'The account ID does not have a valid format.');
  const email = `${id}@${project.slice('projects/'.length)}.iam.gserviceaccount.com`;
  if (state.accounts.has(email))
    throw new GoogleError('ALREADY_EXISTS', `Service account ${id} already exists within project ${project}.`);
  const uniqueId = String(101_000_000_000_000_000_000n + BigInt(state.next()));
  const displayName = textOf(jsonOf(body['serviceAccount'])['displayName']) ?? '';
  const account: ServiceAccount = { project, email, uniqueId, displayName, disabled: false };
  state.accounts.set(email, account);
  return shown(account);
}

/** Predefined roles are public; custom ones belong to their project or organisation. Real ones can be restored for a week. */
export const ROLES: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/v1\/projects\/(?<project>[^/]+)\/roles$/,
    service: IAM,
    methodName: 'google.iam.admin.v1.CreateRole',
    permission: 'iam.roles.create',
    log: 'activity',
    target: projectTarget,
    answer({ state, body }, { name: project }) {
      const { title, includedPermissions } = jsonOf(body['role']);
      const id = textOf(body['roleId']) ?? '';
      if (!/^[a-zA-Z0-9_.]{3,64}$/u.test(id)) throw new GoogleError('INVALID_ARGUMENT', 'The role_id is invalid.');
      const name = `${project}/roles/${id}`;
      if (state.roles.has(name)) throw new GoogleError('ALREADY_EXISTS', `A role named ${id} already exists.`);
      const permissions = Array.isArray(includedPermissions) ? includedPermissions.map(String) : [];
      state.roles.set(name, { title: textOf(title) ?? id, permissions });
      return { name, title: textOf(title) ?? id, includedPermissions: permissions, stage: 'GA', etag: 'AA==' };
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/projects\/(?<project>[^/]+)\/roles$/,
    service: IAM,
    methodName: 'google.iam.admin.v1.ListRoles',
    permission: 'iam.roles.list',
    target: projectTarget,
    answer({ state }, { name: project }) {
      const own = [...state.roles].filter(([name]) => name.startsWith(`${project}/roles/`));
      return own.length > 0
        ? { roles: own.map(([name, { title }]) => ({ name, title, stage: 'GA', etag: 'AA==' })) }
        : {};
    },
  },
  {
    method: 'DELETE',
    path: /^\/v1\/(?<name>projects\/(?<project>[^/]+)\/roles\/[^/]+)$/,
    service: IAM,
    methodName: 'google.iam.admin.v1.DeleteRole',
    permission: 'iam.roles.delete',
    log: 'activity',
    target: projectTarget,
    answer(call) {
      const name = param(call, 'name');
      if (!call.state.roles.delete(name)) throw new GoogleError('NOT_FOUND', `The role named ${name} was not found.`);
      return { name, deleted: true };
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/(?<name>(?:(?:projects|organizations)\/[^/]+\/)?roles\/[^/]+)$/,
    service: IAM,
    methodName: 'google.iam.admin.v1.GetRole',
    target: (call) => ({ name: param(call, 'name'), type: 'iam.googleapis.com/Role' }),
    answer({ state }, { name }) {
      const role = state.roles.get(name);
      if (!role) throw new GoogleError('NOT_FOUND', `The role named ${name} was not found.`);
      return {
        name,
        title: role.title,
        description: role.title,
        includedPermissions: role.permissions,
        stage: 'GA',
        etag: 'AA==',
      };
    },
  },
];

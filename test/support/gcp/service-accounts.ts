import { GoogleError } from './google-error.ts';
import { textOf, type Json } from './json.ts';
import { param, type Call, type Route, type Target } from './route.ts';
import { accountName, accountOf, type ServiceAccount } from './state.ts';

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
  switching('disable'),
  switching('enable'),
  generateAccessToken,
];

/** Predefined roles are public; custom ones belong to their project or organisation. */
export const ROLES: readonly Route[] = [
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

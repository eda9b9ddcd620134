import type { Role } from './state.ts';

/** Enough of each predefined role for what this double serves; the real ones hold thousands of permissions. */
const LISTING = [
  'cloudfunctions.functions.list',
  'cloudsql.instances.list',
  'compute.disks.list',
  'compute.instances.list',
  'compute.networks.list',
  'container.clusters.list',
  'storage.buckets.list',
];
const READ_IAM = [
  'iam.roles.get',
  'iam.roles.list',
  'iam.serviceAccountKeys.get',
  'iam.serviceAccountKeys.list',
  'iam.serviceAccounts.get',
  'iam.serviceAccounts.getIamPolicy',
  'iam.serviceAccounts.list',
];
const KEY_ADMIN = [
  'iam.serviceAccountKeys.create',
  'iam.serviceAccountKeys.delete',
  'iam.serviceAccountKeys.disable',
  'iam.serviceAccountKeys.enable',
  'iam.serviceAccountKeys.get',
  'iam.serviceAccountKeys.list',
];
const ACCOUNT_ADMIN = [
  'iam.serviceAccounts.disable',
  'iam.serviceAccounts.enable',
  'iam.serviceAccounts.get',
  'iam.serviceAccounts.getIamPolicy',
  'iam.serviceAccounts.list',
  'iam.serviceAccounts.setIamPolicy',
];
const READ_LOGS = ['logging.logEntries.list', 'logging.sinks.get', 'logging.sinks.list'];
const ROUTING = ['sinks', 'exclusions'].flatMap((one) =>
  ['create', 'delete', 'get', 'list', 'update'].map((verb) => `logging.${one}.${verb}`),
);
const SEE = ['organizations', 'folders', 'projects'].flatMap((one) => [
  `resourcemanager.${one}.get`,
  `resourcemanager.${one}.getIamPolicy`,
]);
const LIST = ['resourcemanager.folders.list', 'resourcemanager.projects.list'];
const SET = ['organizations', 'folders', 'projects'].map((one) => `resourcemanager.${one}.setIamPolicy`);
const VIEW = [
  ...LISTING,
  ...READ_IAM,
  ...READ_LOGS,
  'resourcemanager.projects.get',
  'resourcemanager.projects.getIamPolicy',
];
const EDIT = [
  ...VIEW,
  ...KEY_ADMIN,
  'iam.serviceAccounts.disable',
  'iam.serviceAccounts.enable',
  'storage.buckets.create',
];

/** `roles/owner` and `roles/editor` may not mint tokens for a service account, nor read objects: both are real surprises. */
const PREDEFINED: Record<string, Role> = {
  'roles/viewer': { title: 'Viewer', permissions: VIEW },
  'roles/editor': { title: 'Editor', permissions: EDIT },
  'roles/owner': {
    title: 'Owner',
    permissions: [
      ...EDIT,
      ...ACCOUNT_ADMIN,
      ...ROUTING,
      'iam.roles.create',
      'iam.roles.delete',
      'iam.serviceAccounts.create',
      'iam.serviceAccounts.delete',
      'logging.privateLogEntries.list',
      'resourcemanager.projects.setIamPolicy',
    ],
  },
  'roles/browser': { title: 'Browser', permissions: [...SEE, ...LIST] },
  'roles/iam.securityReviewer': { title: 'Security Reviewer', permissions: [...LISTING, ...READ_IAM, ...SEE, ...LIST] },
  'roles/iam.securityAdmin': {
    title: 'Security Admin',
    permissions: [...READ_IAM, ...SEE, ...LIST, ...SET, 'iam.serviceAccounts.setIamPolicy'],
  },
  'roles/iam.serviceAccountAdmin': {
    title: 'Service Account Admin',
    permissions: [...ACCOUNT_ADMIN, 'resourcemanager.projects.get'],
  },
  'roles/iam.serviceAccountKeyAdmin': {
    title: 'Service Account Key Admin',
    permissions: [...KEY_ADMIN, 'iam.serviceAccounts.get', 'iam.serviceAccounts.list'],
  },
  'roles/iam.serviceAccountUser': {
    title: 'Service Account User',
    permissions: ['iam.serviceAccounts.actAs', 'iam.serviceAccounts.get', 'iam.serviceAccounts.list'],
  },
  'roles/iam.serviceAccountTokenCreator': {
    title: 'Service Account Token Creator',
    permissions: [
      'iam.serviceAccounts.get',
      'iam.serviceAccounts.getAccessToken',
      'iam.serviceAccounts.getOpenIdToken',
      'iam.serviceAccounts.implicitDelegation',
      'iam.serviceAccounts.list',
      'iam.serviceAccounts.signBlob',
      'iam.serviceAccounts.signJwt',
    ],
  },
  'roles/compute.viewer': {
    title: 'Compute Viewer',
    permissions: [
      'compute.disks.list',
      'compute.instances.list',
      'compute.networks.list',
      'resourcemanager.projects.get',
    ],
  },
  'roles/storage.admin': {
    title: 'Storage Admin',
    permissions: ['storage.buckets.create', 'storage.buckets.list', 'storage.objects.get', 'storage.objects.list'],
  },
  'roles/storage.objectViewer': {
    title: 'Storage Object Viewer',
    permissions: ['storage.objects.get', 'storage.objects.list', 'resourcemanager.projects.get'],
  },
  'roles/logging.viewer': { title: 'Logs Viewer', permissions: [...READ_LOGS, 'resourcemanager.projects.get'] },
  'roles/logging.privateLogViewer': {
    title: 'Private Logs Viewer',
    permissions: [...READ_LOGS, 'logging.privateLogEntries.list', 'resourcemanager.projects.get'],
  },
  'roles/logging.configWriter': { title: 'Logs Configuration Writer', permissions: [...ROUTING] },
  'roles/resourcemanager.organizationAdmin': {
    title: 'Organization Administrator',
    permissions: [...SEE, ...LIST, ...SET],
  },
};

export function predefinedRoles(): Map<string, Role> {
  return new Map(
    Object.entries(PREDEFINED).map(([name, role]) => [
      name,
      { title: role.title, permissions: [...new Set(role.permissions)].toSorted() },
    ]),
  );
}

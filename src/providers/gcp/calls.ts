/** Which permission a call asks for, by its HTTP request. Only calls that Cordon makes stand here. */
const PERMISSIONS: readonly (readonly [RegExp, string])[] = [
  [/^GET \/v1\/projects\/[^/]+\/serviceAccounts$/u, 'iam.serviceAccounts.list'],
  [/^GET \/v1\/projects\/[^/]+\/serviceAccounts\/[^/:]+$/u, 'iam.serviceAccounts.get'],
  [/^GET \/v1\/projects\/[^/]+\/serviceAccounts\/[^/:]+\/keys$/u, 'iam.serviceAccountKeys.list'],
  [/^POST .*\/serviceAccounts\/[^/:]+\/keys\/[^/:]+:(disable|enable)$/u, 'iam.serviceAccountKeys.$1'],
  [/^POST .*\/serviceAccounts\/[^/:]+:(disable|enable|getIamPolicy|setIamPolicy)$/u, 'iam.serviceAccounts.$1'],
  [/^GET \/v3\/(projects|folders)\/[^/:]+$/u, 'resourcemanager.$1.get'],
  [/^POST \/v3\/(projects|folders|organizations)\/[^/:]+:(getIamPolicy|setIamPolicy)$/u, 'resourcemanager.$1.$2'],
  [/^POST \/v2\/entries:list$/u, 'logging.logEntries.list'],
  [/^POST \/v2\/[^/]+\/[^/]+\/sinks$/u, 'logging.sinks.create'],
  [/^GET \/v2\/[^/]+\/[^/]+\/sinks\/[^/]+$/u, 'logging.sinks.get'],
  [/^(?:PUT|PATCH) \/v2\/[^/]+\/[^/]+\/sinks\/[^/]+$/u, 'logging.sinks.update'],
  [/^DELETE \/v2\/[^/]+\/[^/]+\/sinks\/[^/]+$/u, 'logging.sinks.delete'],
];

export function permissionOfCall(call: { readonly method: string; readonly url: string }): string | undefined {
  if (!URL.canParse(call.url)) return undefined;
  const line = `${call.method.toUpperCase()} ${new URL(call.url).pathname}`;
  const [pattern, permission] = PERMISSIONS.find(([one]) => one.test(line)) ?? [];
  return pattern && permission ? line.replace(pattern, permission) : undefined;
}

/** Method and path of a request, without its query, bounded: for failures. */
export function callName(method: string, url: string): string {
  return `${method} ${pathOf(url).slice(0, 300)}`;
}

const VERBS: Readonly<Record<string, string>> = {
  GET: 'read',
  PUT: 'write',
  PATCH: 'write',
  DELETE: 'delete',
  POST: 'action',
};

/**
 * The action of Azure Resource Manager that a request needs: provider, kinds of resource, verb. Names of resources, every second
 * segment, fall out: `DELETE …/providers/Microsoft.Authorization/roleAssignments/GUID` needs
 * `Microsoft.Authorization/roleAssignments/delete`.
 */
export function armPermission(method: string, url: string): string {
  const path = pathOf(url);
  const [namespace = '', ...rest] = path.slice(path.lastIndexOf('/providers/') + '/providers/'.length).split('/');
  const kinds = rest.filter((_, index) => index % 2 === 0);
  return [namespace, ...kinds, VERBS[method.toUpperCase()] ?? 'action'].join('/');
}

function pathOf(url: string): string {
  return url
    .replace(/^[a-z]+:\/\/[^/]+/u, '')
    .replace(/[?#].*$/su, '')
    .replace(/^\/+/u, '/');
}

import { isGranted } from './access.ts';
import { GoogleError } from './google-error.ts';
import type { Json } from './json.ts';
import { CONTAINER, containerTarget, RESOURCE_MANAGER } from './policy-routes.ts';
import { param, type Call, type Route } from './route.ts';
import { containerOf, type Container, type State } from './state.ts';

/** `name` carries a project's number, `projectId` its id. */
function shown(state: State, container: Container): Json {
  const [collection, id] = container.name.split('/');
  const parent = container.parent === undefined ? undefined : state.containers.get(container.parent);
  return {
    name: `${collection}/${container.number}`,
    ...(parent ? { parent: `${parent.name.split('/')[0]}/${parent.number}` } : {}),
    ...(collection === 'projects' ? { projectId: id } : {}),
    displayName: container.displayName,
    state: 'ACTIVE',
    createTime: container.createTime,
    updateTime: container.createTime,
    etag: 'W/"d5df2a0a2a2b1c6f"',
  };
}

/** What the caller may get, never an error: who sees nothing gets nothing. */
function visible({ state, caller }: Call, collection: string): Container[] {
  const permission = `resourcemanager.${collection}.get`;
  return [...state.containers.values()].filter(
    ({ name }) => name.startsWith(`${collection}/`) && isGranted(state, caller, permission, { name, type: '' }),
  );
}

function matchesQuery(container: Container, query: string): boolean {
  return query
    .split(/\s+(?:AND\s+)?/)
    .filter(Boolean)
    .every((term) => {
      const [field, wanted] = term.split(/[:=]/);
      if (field === 'parent') return container.parent === wanted;
      if (field === 'projectId' || field === 'id') return container.name.split('/')[1] === wanted;
      throw new GoogleError('INVALID_ARGUMENT', `The query '${query}' is not supported.`);
    });
}

const COLLECTION = '(?<collection>organizations|folders|projects)';
const everywhere = () => ({ name: '', type: '' });

export const RESOURCES: readonly Route[] = [
  {
    method: 'GET',
    path: new RegExp(`^/v3/${COLLECTION}:search$`),
    service: RESOURCE_MANAGER,
    methodName: 'Search',
    target: everywhere,
    answer(call) {
      const collection = param(call, 'collection');
      const found = visible(call, collection).filter((one) => matchesQuery(one, call.query.get('query') ?? ''));
      return found.length > 0 ? { [collection]: found.map((one) => shown(call.state, one)) } : {};
    },
  },
  {
    method: 'GET',
    path: /^\/v3\/(?<collection>folders|projects)$/,
    service: RESOURCE_MANAGER,
    methodName: 'List',
    permission: (call) => `resourcemanager.${param(call, 'collection')}.list`,
    log: 'data_access',
    target: ({ state, query }) => ({
      name: containerOf(state, query.get('parent') ?? '')?.name ?? query.get('parent') ?? '',
      type: `${RESOURCE_MANAGER}/Folder`,
    }),
    answer(call, { name }) {
      const collection = param(call, 'collection');
      const found = [...call.state.containers.values()].filter(
        (one) => one.parent === name && one.name.startsWith(`${collection}/`),
      );
      return found.length > 0 ? { [collection]: found.map((one) => shown(call.state, one)) } : {};
    },
  },
  ...['Organization', 'Folder', 'Project'].map((kind): Route => {
    const collection = `${kind.toLowerCase()}s`;
    return {
      method: 'GET',
      path: new RegExp(`^/v3/${CONTAINER.replace('organizations|folders|projects', collection)}$`),
      service: RESOURCE_MANAGER,
      methodName: `Get${kind}`,
      permission: `resourcemanager.${collection}.get`,
      log: 'data_access',
      target: containerTarget,
      answer(call, { name }) {
        const container = containerOf(call.state, name);
        if (!container) throw new Error('The target was checked before.');
        return shown(call.state, container);
      },
    };
  }),
];

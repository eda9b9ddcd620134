import { GoogleError } from './google-error.ts';
import { textOf, type Json } from './json.ts';
import { param, type Call, type Route, type Target } from './route.ts';
import { containerOf, type State, type Thing } from './state.ts';

const COMPUTE = 'compute.googleapis.com';
const STORAGE = 'storage.googleapis.com';
const IN_PROJECT = String.raw`projects/(?<project>[^/]+)`;

function projectTarget({ state, params, query }: Call): Target {
  const asked = `projects/${params['project'] ?? query.get('project') ?? ''}`;
  return {
    name: containerOf(state, asked)?.name ?? asked,
    type: 'cloudresourcemanager.googleapis.com/Project',
  };
}

export function addThing(state: State, thing: Omit<Thing, 'id' | 'createTime'>): Thing {
  const added = {
    ...thing,
    id: String(8_000_000_000 + state.next()),
    createTime: new Date(state.nowMs()).toISOString(),
  };
  state.things.push(added);
  return added;
}

interface Listing {
  readonly kind: Thing['kind'];
  readonly path: string;
  readonly service: string;
  readonly methodName: string;
  readonly permission: string;
  readonly wrap: (things: readonly Thing[]) => Json;
}

const AGGREGATED = { instance: 'instances', disk: 'disks' } as const;

function computeListings(kind: 'instance' | 'disk'): Listing[] {
  const plural = AGGREGATED[kind];
  const common = { kind, service: COMPUTE, permission: `compute.${plural}.list` };
  return [
    {
      ...common,
      path: `/compute/v1/${IN_PROJECT}/aggregated/${plural}`,
      methodName: `v1.compute.${plural}.aggregatedList`,
      wrap: (things) => ({
        kind: `compute#${kind}AggregatedList`,
        items: Object.fromEntries(
          [...Map.groupBy(things, ({ location }) => `zones/${location}`)].map(([zone, own]) => [
            zone,
            { [plural]: own.map((one) => shownCompute(one)) },
          ]),
        ),
      }),
    },
    {
      ...common,
      path: `/compute/v1/${IN_PROJECT}/zones/(?<location>[^/]+)/${plural}`,
      methodName: `v1.compute.${plural}.list`,
      wrap: (things) => ({ kind: `compute#${kind}List`, items: things.map((one) => shownCompute(one)) }),
    },
  ];
}

function shownCompute(thing: Thing): Json {
  const place = thing.kind === 'network' ? 'global' : `zones/${thing.location}`;
  const base = `https://www.googleapis.com/compute/v1/${thing.project}`;
  return {
    kind: `compute#${thing.kind}`,
    id: thing.id,
    name: thing.name,
    creationTimestamp: thing.createTime,
    selfLink: `${base}/${place}/${thing.kind}s/${thing.name}`,
    ...(thing.kind === 'network' ? {} : { zone: `${base}/${place}` }),
    ...(thing.kind === 'instance' ? { status: 'RUNNING' } : {}),
  };
}

function shownBucket(state: State, { name, project, location, createTime }: Thing): Json {
  return {
    kind: 'storage#bucket',
    id: name,
    name,
    projectNumber: state.containers.get(project)?.number,
    location,
    storageClass: 'STANDARD',
    timeCreated: createTime,
  };
}

const LISTINGS: readonly Listing[] = [
  ...computeListings('instance'),
  ...computeListings('disk'),
  {
    kind: 'network',
    path: `/compute/v1/${IN_PROJECT}/global/networks`,
    service: COMPUTE,
    methodName: 'v1.compute.networks.list',
    permission: 'compute.networks.list',
    wrap: (things) => ({ kind: 'compute#networkList', items: things.map((one) => shownCompute(one)) }),
  },
  {
    kind: 'sqlInstance',
    path: `/(?:sql/v1beta4|v1)/${IN_PROJECT}/instances`,
    service: 'sqladmin.googleapis.com',
    methodName: 'cloudsql.instances.list',
    permission: 'cloudsql.instances.list',
    wrap: (things) => ({
      kind: 'sql#instancesList',
      items: things.map(({ name, location }) => ({ kind: 'sql#instance', name, region: location, state: 'RUNNABLE' })),
    }),
  },
  {
    kind: 'cluster',
    path: `/v1/${IN_PROJECT}/(?:locations|zones)/(?<location>[^/]+)/clusters`,
    service: 'container.googleapis.com',
    methodName: 'google.container.v1.ClusterManager.ListClusters',
    permission: 'container.clusters.list',
    wrap: (things) => ({ clusters: things.map(({ name, location }) => ({ name, location, status: 'RUNNING' })) }),
  },
  {
    kind: 'function',
    path: `/v1/${IN_PROJECT}/locations/(?<location>[^/]+)/functions`,
    service: 'cloudfunctions.googleapis.com',
    methodName: 'google.cloud.functions.v1.CloudFunctionsService.ListFunctions',
    permission: 'cloudfunctions.functions.list',
    wrap: (things) => ({
      functions: things.map(({ name, project, location }) => ({
        name: `${project}/locations/${location}/functions/${name}`,
        status: 'ACTIVE',
      })),
    }),
  },
];

function bucketTarget(call: Call): Target {
  return { name: `projects/_/buckets/${param(call, 'bucket')}`, type: 'storage.googleapis.com/Bucket' };
}

const BUCKETS: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/storage\/v1\/b$/,
    service: STORAGE,
    methodName: 'storage.buckets.list',
    permission: 'storage.buckets.list',
    log: 'data_access',
    target: projectTarget,
    answer: ({ state }, { name }) => ({
      kind: 'storage#buckets',
      items: state.things
        .filter(({ kind, project }) => kind === 'bucket' && project === name)
        .map((one) => shownBucket(state, one)),
    }),
  },
  {
    method: 'POST',
    path: /^\/storage\/v1\/b$/,
    service: STORAGE,
    methodName: 'storage.buckets.create',
    permission: 'storage.buckets.create',
    log: 'activity',
    target: projectTarget,
    answer({ state, body }, { name: project }) {
      const name = textOf(body['name']);
      if (name === undefined) throw new GoogleError('INVALID_ARGUMENT', 'Required', { legacyReason: 'required' });
      if (state.things.some((one) => one.kind === 'bucket' && one.name === name))
        throw new GoogleError('ALREADY_EXISTS', 'The requested bucket name is not available.', {
          legacyReason: 'conflict',
        });
      return shownBucket(state, addThing(state, { kind: 'bucket', project, name, location: 'EU' }));
    },
  },
  {
    method: 'GET',
    path: /^\/storage\/v1\/b\/(?<bucket>[^/]+)\/o$/,
    service: STORAGE,
    methodName: 'storage.objects.list',
    permission: 'storage.objects.list',
    log: 'data_access',
    target: bucketTarget,
    answer: () => ({ kind: 'storage#objects', items: [] }),
  },
];

/** What a thief lists first, and the one thing that it may leave behind: a bucket. */
export const INVENTORY: readonly Route[] = [
  ...LISTINGS.map(({ kind, path, service, methodName, permission, wrap }): Route => ({
    method: 'GET',
    path: new RegExp(`^${path}$`),
    service,
    methodName,
    permission,
    log: 'data_access',
    target: projectTarget,
    answer({ state, params }, { name }) {
      const where = params['location'] ?? '-';
      return wrap(
        state.things.filter(
          (one) => one.kind === kind && one.project === name && (where === '-' || one.location === where),
        ),
      );
    },
  })),
  ...BUCKETS,
];

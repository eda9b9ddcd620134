import { GoogleError } from './google-error.ts';
import { textOf, type Json } from './json.ts';
import { LOGGING } from './log-entries.ts';
import { param, type Call, type Route, type Target } from './route.ts';
import { containerOf, type State } from './state.ts';

export const PARENT = String.raw`/v2/(?<collection>organizations|folders|projects)/(?<id>[^/:]+)`;
const FIELDS = [
  'destination',
  'filter',
  'description',
  'disabled',
  'exclusions',
  'includeChildren',
  'interceptChildren',
] as const;

/** Every container is born with these two. What `_Required` takes can't be turned off: the admin activity log. */
export function addDefaultSinks(state: State, container: string): void {
  for (const name of ['_Required', '_Default'])
    addSink(state, container, {
      name,
      destination: `logging.googleapis.com/${container}/locations/global/buckets/${name}`,
      filter:
        name === '_Required'
          ? 'LOG_ID("cloudaudit.googleapis.com/activity")'
          : 'NOT LOG_ID("cloudaudit.googleapis.com/activity")',
    });
}

export function addSink(state: State, container: string, sink: Json, writerIdentity?: string): Json {
  const name = textOf(sink['name']);
  if (name === undefined || textOf(sink['destination']) === undefined)
    throw new GoogleError('INVALID_ARGUMENT', 'A sink needs a name and a destination.');
  const resourceName = `${container}/sinks/${name}`;
  if (state.sinks.has(resourceName)) throw new GoogleError('ALREADY_EXISTS', `Sink ${name} already exists`);
  const createTime = new Date(state.nowMs()).toISOString();
  const made = {
    ...chosen(sink, FIELDS),
    name,
    resourceName,
    createTime,
    ...(writerIdentity ? { writerIdentity } : {}),
  };
  state.sinks.set(resourceName, made);
  return made;
}

function chosen(sink: Json, fields: readonly string[]): Json {
  return Object.fromEntries(
    Object.entries(sink).filter(([field, value]) => fields.includes(field) && value !== undefined),
  );
}

export function containerIn(call: Call): string {
  const asked = `${param(call, 'collection')}/${param(call, 'id')}`;
  return containerOf(call.state, asked)?.name ?? asked;
}

function sinkTarget(call: Call): Target {
  const container = containerIn(call);
  const id = param(call, 'sink');
  const name = `${container}/sinks/${id}`;
  const type = 'logging.googleapis.com/LogSink';
  if (!call.state.sinks.has(name))
    return { name: container, type, missing: new GoogleError('NOT_FOUND', `Sink ${id} does not exist`) };
  return { name, type, monitored: { type: 'logging_sink', labels: { name: id, destination: '' } } };
}

function sinkIn({ state }: Call, { name }: Target): Json {
  const sink = state.sinks.get(name);
  if (!sink) throw new Error('The target was checked before.');
  return sink;
}

/** Without a mask: destination, filter and includeChildren, as documented; `disabled` is changed by mask only. */
function update(call: Call, target: Target): Json {
  const old = sinkIn(call, target);
  refuseRequired(old);
  const mask = call.query.get('updateMask')?.split(',') ?? ['destination', 'filter', 'includeChildren'];
  const kept = Object.fromEntries(Object.entries(old).filter(([field]) => !mask.includes(field)));
  const sink = {
    ...kept,
    ...chosen(
      call.body,
      mask.filter((one) => (FIELDS as readonly string[]).includes(one)),
    ),
  };
  if (sink['disabled'] === false) delete sink['disabled'];
  call.state.sinks.set(target.name, sink);
  return { ...sink, updateTime: new Date(call.state.nowMs()).toISOString() };
}

function refuseRequired({ name }: Json): void {
  if (name === '_Required') throw new GoogleError('INVALID_ARGUMENT', 'The _Required sink cannot be modified.');
}

function sinkRoute(method: Route['method'], verb: string, answer: Route['answer']): Route {
  const one = verb !== 'list' && verb !== 'create';
  const rpc = verb === 'list' ? 'ListSinks' : `${verb[0]?.toUpperCase()}${verb.slice(1)}Sink`;
  return {
    method,
    path: new RegExp(`^${PARENT}/sinks${one ? '/(?<sink>[^/]+)' : ''}$`),
    service: LOGGING,
    methodName: `google.logging.v2.ConfigServiceV2.${rpc}`,
    permission: `logging.sinks.${verb}`,
    log: verb === 'get' || verb === 'list' ? 'data_access' : 'activity',
    target: one ? sinkTarget : (call) => ({ name: containerIn(call), type: 'logging.googleapis.com/LogSink' }),
    answer,
  };
}

export const SINKS: readonly Route[] = [
  sinkRoute('GET', 'get', sinkIn),
  sinkRoute('GET', 'list', ({ state }, { name }) => ({
    sinks: [...state.sinks.values()].filter((one) => String(one['resourceName']).startsWith(`${name}/sinks/`)),
  })),
  sinkRoute('POST', 'create', ({ state, body, query }, { name }) => {
    const number = state.containers.get(name)?.number ?? '';
    const unique = query.get('uniqueWriterIdentity') === 'true';
    const writer = unique
      ? `service-${number}@gcp-sa-logging.iam.gserviceaccount.com`
      : 'cloud-logs@system.gserviceaccount.com';
    return addSink(state, name, body, `serviceAccount:${writer}`);
  }),
  sinkRoute('PUT', 'update', update),
  sinkRoute('PATCH', 'update', update),
  sinkRoute('DELETE', 'delete', (call, target) => {
    refuseRequired(sinkIn(call, target));
    call.state.sinks.delete(target.name);
    return {};
  }),
];

import { GoogleError } from './google-error.ts';
import { jsonOf, type Json } from './json.ts';
import { LOGGING } from './log-entries.ts';
import { param, type Call, type Route, type Target } from './route.ts';
import { containerIn, PARENT } from './sinks.ts';

/** The older way to the exclusions of the `_Default` sink. */
function defaultSinkOf({ state }: Call, { name }: Target): Json {
  const sink = state.sinks.get(`${name}/sinks/_Default`);
  if (!sink) throw new GoogleError('NOT_FOUND', 'Sink _Default does not exist');
  return sink;
}

function exclusionsOf(sink: Json): Json[] {
  return Array.isArray(sink['exclusions']) ? sink['exclusions'].map((one) => jsonOf(one)) : [];
}

function named(call: Call, sink: Json): Json {
  const name = param(call, 'exclusion');
  const found = exclusionsOf(sink).find((one) => one['name'] === name);
  if (!found) throw new GoogleError('NOT_FOUND', `Exclusion ${name} does not exist`);
  return found;
}

function route(method: Route['method'], verb: string, answer: (call: Call, sink: Json) => Json): Route {
  const one = verb === 'get' || verb === 'delete';
  const rpc = verb === 'list' ? 'ListExclusions' : `${verb[0]?.toUpperCase()}${verb.slice(1)}Exclusion`;
  return {
    method,
    path: new RegExp(`^${PARENT}/exclusions${one ? '/(?<exclusion>[^/]+)' : ''}$`),
    service: LOGGING,
    methodName: `google.logging.v2.ConfigServiceV2.${rpc}`,
    permission: `logging.exclusions.${verb}`,
    log: verb === 'get' || verb === 'list' ? 'data_access' : 'activity',
    target: (call) => ({ name: containerIn(call), type: 'logging.googleapis.com/LogExclusion' }),
    answer: (call, target) => answer(call, defaultSinkOf(call, target)),
  };
}

export const EXCLUSIONS: readonly Route[] = [
  route('GET', 'list', (_call, sink) => ({ exclusions: exclusionsOf(sink) })),
  route('GET', 'get', named),
  route('POST', 'create', ({ body }, sink) => {
    sink['exclusions'] = [...exclusionsOf(sink), body];
    return body;
  }),
  route('DELETE', 'delete', (call, sink) => {
    const gone = named(call, sink);
    sink['exclusions'] = exclusionsOf(sink).filter((one) => one['name'] !== gone['name']);
    return {};
  }),
];

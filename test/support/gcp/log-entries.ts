import { isGranted, type Resource } from './access.ts';
import { denied, GoogleError } from './google-error.ts';
import { textOf, type Json } from './json.ts';
import { compileFilter } from './log-filter.ts';
import type { Call, Route } from './route.ts';
import { containerOf, type State } from './state.ts';

export const LOGGING = 'logging.googleapis.com';
const LIST = 'logging.logEntries.list';
const PRIVATE = 'logging.privateLogEntries.list';
const MOST_ENTRIES = 1000;

interface Page {
  readonly offset: number;
  readonly question: string;
}

/** Entries of the named containers themselves, not of what is below them: a folder has to be asked project by project. */
function list(call: Call): Json {
  const { state, caller, log, body } = call;
  const containers = containersIn(call);
  for (const one of containers)
    if (!isGranted(state, caller, LIST, one)) throw denied(LOGGING, LIST, one.name, caller.email);
  const matches = compileFilter(textOf(body['filter']) ?? '');
  const found = log.visible().filter((entry) => isReadable(call, containers, entry) && matches(entry));
  if (orderOf(body) === 'desc') found.reverse();
  return paged(found, body);
}

/** Data access logs are left out, without a word, for who lacks `privateLogEntries.list`. */
function isReadable({ state, caller }: Call, containers: readonly Resource[], entry: Json): boolean {
  const logName = String(entry['logName']);
  const own = containers.find(({ name }) => logName.startsWith(`${name}/logs/`));
  if (!own) return false;
  return !logName.endsWith('data_access') || isGranted(state, caller, PRIVATE, own);
}

function containersIn({ state, body }: Pick<Call, 'state' | 'body'>): Resource[] {
  const { resourceNames } = body;
  if (!Array.isArray(resourceNames) || resourceNames.length === 0)
    throw new GoogleError('INVALID_ARGUMENT', 'Missing resource_names.');
  return resourceNames.map((one) => resourceOf(state, String(one)));
}

function resourceOf(state: State, asked: string): Resource {
  return { name: containerOf(state, asked)?.name ?? asked, type: 'cloudresourcemanager.googleapis.com/Project' };
}

function orderOf({ orderBy }: Json): 'asc' | 'desc' {
  if (orderBy === undefined || orderBy === '' || orderBy === 'timestamp' || orderBy === 'timestamp asc') return 'asc';
  if (orderBy === 'timestamp desc') return 'desc';
  throw new GoogleError('INVALID_ARGUMENT', 'Invalid order_by: only timestamp asc and timestamp desc are allowed.');
}

function paged(found: readonly Json[], body: Json): Json {
  const { pageToken, pageSize, ...rest } = body;
  const question = JSON.stringify(rest);
  const token = textOf(pageToken);
  const page = token ? (JSON.parse(Buffer.from(token, 'base64url').toString()) as Page) : { offset: 0, question };
  if (page.question !== question)
    throw new GoogleError('INVALID_ARGUMENT', "page_token doesn't match arguments from the request");
  const size = Math.min(typeof pageSize === 'number' && pageSize > 0 ? pageSize : 50, MOST_ENTRIES);
  const end = page.offset + size;
  const next: Page = { offset: end, question };
  return {
    ...(found.length > page.offset ? { entries: found.slice(page.offset, end) } : {}),
    ...(found.length > end ? { nextPageToken: Buffer.from(JSON.stringify(next)).toString('base64url') } : {}),
  };
}

export const LOG_ENTRIES: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/v2\/entries:list$/,
    service: LOGGING,
    methodName: 'google.logging.v2.LoggingServiceV2.ListLogEntries',
    permission: LIST,
    log: 'data_access',
    target: (call) => containersIn(call)[0] ?? resourceOf(call.state, ''),
    answer: list,
  },
];

import { randomBytes } from 'node:crypto';

import { GoogleError } from './google-error.ts';
import type { Json } from './json.ts';
import { keyPair } from './key-pairs.ts';
import { param, type Call, type Route, type Target } from './route.ts';
import { ACCOUNT, accountIn, accountTarget, IAM } from './service-accounts.ts';
import { accountOf, keyName, type Key, type State } from './state.ts';

/** A key file as the console hands it out. */
export interface KeyFile {
  readonly type: 'service_account';
  readonly project_id: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly client_email: string;
  readonly client_id: string;
  readonly auth_uri: string;
  readonly token_uri: string;
  readonly auth_provider_x509_cert_url: string;
  readonly client_x509_cert_url: string;
  readonly universe_domain: string;
}

const REASON = 'SERVICE_ACCOUNT_KEY_DISABLE_REASON_';
const KEY = String.raw`${ACCOUNT}/keys/(?<key>[^/:]+)`;
const MOST_KEYS = 10;

/** Makes a key of the account and returns what only its maker ever sees. */
export async function createKey(state: State, email: string, tokenUrl: string): Promise<{ key: Key; file: KeyFile }> {
  const account = accountOf(state, email);
  if (keysOf(state, account.email).filter(({ type }) => type === 'USER_MANAGED').length >= MOST_KEYS)
    throw new GoogleError('FAILED_PRECONDITION', 'Precondition check failed.');
  const { publicKey, privateKey } = await keyPair(state.nextPair());
  const key = addKey(state, account.email, { type: 'USER_MANAGED', publicKey });
  const file = {
    type: 'service_account',
    project_id: account.project.slice('projects/'.length),
    private_key_id: key.id,
    private_key: privateKey,
    client_email: account.email,
    client_id: account.uniqueId,
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: tokenUrl,
    auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
    client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(account.email)}`,
    universe_domain: 'googleapis.com',
  } as const;
  return { key, file };
}

export function addKey(state: State, email: string, made: Pick<Key, 'type' | 'publicKey'>): Key {
  const nowMs = state.nowMs();
  const key: Key = {
    id: randomBytes(20).toString('hex'),
    email,
    ...made,
    validAfter: new Date(nowMs).toISOString(),
    validBefore:
      made.type === 'USER_MANAGED' ? '9999-12-31T23:59:59Z' : new Date(nowMs + 16 * 24 * 3600_000).toISOString(),
  };
  state.keys.set(key.id, key);
  return key;
}

export function shownKey(state: State, key: Key): Json {
  return {
    name: keyName(state, key),
    validAfterTime: key.validAfter,
    validBeforeTime: key.validBefore,
    keyAlgorithm: 'KEY_ALG_RSA_2048',
    keyOrigin: 'GOOGLE_PROVIDED',
    keyType: key.type,
    ...(key.disabledBecause === undefined ? {} : { disabled: true, disableReason: `${REASON}${key.disabledBecause}` }),
    ...(key.exposedAt === undefined
      ? {}
      : { extendedStatus: [{ key: 'SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED', value: key.exposedAt }] }),
  };
}

function keysOf(state: State, email: string): Key[] {
  return [...state.keys.values()].filter((one) => one.email === email);
}

function keyTarget(call: Call): Target {
  const account = accountTarget(call);
  const id = param(call, 'key');
  if (account.missing || account.loggedName === undefined) return account;
  const key = call.state.keys.get(id);
  if (!key || key.email !== accountIn(call).email)
    return { ...account, missing: new GoogleError('NOT_FOUND', `Service account key ${id} does not exist.`) };
  return {
    ...account,
    name: keyName(call.state, key),
    type: 'iam.googleapis.com/ServiceAccountKey',
    loggedName: `${account.loggedName}/keys/${id}`,
  };
}

function keyIn(call: Call): Key {
  const key = call.state.keys.get(param(call, 'key'));
  if (!key) throw new Error('The target was checked before.');
  return key;
}

/** Google's own keys can't be touched. */
function userManagedKeyIn(call: Call): Key {
  const key = keyIn(call);
  if (key.type === 'USER_MANAGED') return key;
  throw new GoogleError('FAILED_PRECONDITION', 'System managed keys cannot be changed.');
}

function keyRoute(method: Route['method'], verb: string, suffix: string, answer: Route['answer']): Route {
  return {
    method,
    path: new RegExp(`^${KEY}${suffix}$`),
    service: IAM,
    methodName: `google.iam.admin.v1.${verb[0]?.toUpperCase()}${verb.slice(1)}ServiceAccountKey`,
    permission: `iam.serviceAccountKeys.${verb}`,
    log: verb === 'get' ? 'data_access' : 'activity',
    target: keyTarget,
    answer,
  };
}

/** Disabling what is disabled changes nothing, the reason neither. */
function disable(call: Call): Json {
  userManagedKeyIn(call).disabledBecause ??= 'USER_INITIATED';
  return {};
}

export const KEYS: readonly Route[] = [
  keyRoute('GET', 'get', '', (call) => shownKey(call.state, keyIn(call))),
  keyRoute('POST', 'disable', ':disable', disable),
  keyRoute('POST', 'enable', ':enable', (call) => {
    delete userManagedKeyIn(call).disabledBecause;
    return {};
  }),
  keyRoute('DELETE', 'delete', '', (call) => {
    call.state.keys.delete(userManagedKeyIn(call).id);
    return {};
  }),
  {
    ...keyRoute('POST', 'create', '', () => ({})),
    path: new RegExp(`^${ACCOUNT}/keys$`),
    target: accountTarget,
    async answer(call) {
      const { key, file } = await createKey(call.state, accountIn(call).email, call.tokens.url());
      const shown = shownKey(call.state, key);
      call.audited['response'] = { '@type': 'type.googleapis.com/google.iam.admin.v1.ServiceAccountKey', ...shown };
      return {
        ...shown,
        privateKeyType: 'TYPE_GOOGLE_CREDENTIALS_FILE',
        privateKeyData: Buffer.from(JSON.stringify(file, undefined, 2)).toString('base64'),
      };
    },
  },
  {
    ...keyRoute('GET', 'list', '', () => ({})),
    path: new RegExp(`^${ACCOUNT}/keys$`),
    methodName: 'google.iam.admin.v1.ListServiceAccountKeys',
    log: 'data_access',
    target: accountTarget,
    answer(call) {
      const types = call.query.getAll('keyTypes');
      const keys = keysOf(call.state, accountIn(call).email).filter(
        ({ type }) => types.length === 0 || types.includes(type),
      );
      return keys.length > 0 ? { keys: keys.map((one) => shownKey(call.state, one)) } : {};
    },
  },
];

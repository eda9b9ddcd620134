import { cloudresourcemanager_v3 as resourcemanager } from '@googleapis/cloudresourcemanager';
import { iam_v1 as iam } from '@googleapis/iam';
import { logging_v2 as logging } from '@googleapis/logging';
import type { gaxios } from 'google-auth-library';
import { GoogleAuth } from 'google-auth-library';

import { CordonFailure } from '../../../src/contracts/failures.ts';
import type { ActionRequest } from '../../../src/domain/plan.ts';
import { createGcpProvider } from '../../../src/providers/gcp/index.ts';
import type { Provider } from '../../../src/providers/port.ts';
import { NOW } from './now.ts';

const PROJECT = 'example-project';
const SETTINGS = { projects: [PROJECT], logDelaySeconds: 300, propagationSeconds: 420, now: () => NOW };
const KEY = '0123456789'.repeat(4);

/** A project in an organisation, the account with one key and one role beside a colleague. No call leaves the process. */
export function exampleGcp({ principal }: ActionRequest): Provider {
  const { name: email, uniqueId } = principal;
  const account = { name: `projects/${PROJECT}/serviceAccounts/${email}`, email, uniqueId, projectId: PROJECT };
  const members = [`serviceAccount:${email}`, 'user:alice@example.com'];
  const stranger = { role: 'roles/owner', members: ['user:mallory@example.net'] };
  const answers: readonly (readonly [RegExp, object])[] = [
    [/\/keys\?/u, { keys: [{ name: `${account.name}/keys/${KEY}`, keyType: 'USER_MANAGED' }] }],
    [/\/serviceAccounts\/[^/:]+$/u, account],
    [/\/serviceAccounts\?/u, { accounts: [account] }],
    [
      /\/projects\/[^/:]+:getIamPolicy$/u,
      { etag: 'BwExample', bindings: [{ role: 'roles/editor', members }, stranger] },
    ],
    [/:getIamPolicy/u, { etag: 'BwExample', bindings: [] }],
    [/\/projects\/[^/:]+$/u, { name: 'projects/123456789012', parent: 'organizations/210987654321' }],
  ];
  const auth = new ExampleAuth(answers);
  const options = { auth };
  return createGcpProvider(SETTINGS, {
    iam: new iam.Iam(options),
    resources: new resourcemanager.Cloudresourcemanager(options),
    logging: new logging.Logging(options),
    ownEmail: () => Promise.reject(new Error('The example does not ask who Cordon is.')),
  });
}

class ExampleAuth extends GoogleAuth {
  readonly #answers: readonly (readonly [RegExp, object])[];

  constructor(answers: readonly (readonly [RegExp, object])[]) {
    super();
    this.#answers = answers;
  }

  /** Else the SDK asks the machine where it runs. */
  override getUniverseDomain(): Promise<string> {
    return Promise.resolve('googleapis.com');
  }

  override request<Answer>({ url, params }: gaxios.GaxiosOptions): Promise<gaxios.GaxiosResponse<Answer>> {
    const query = Object.keys((params ?? {}) as object).length > 0 && !String(url).includes('?') ? '?' : '';
    const path = `${new URL(String(url)).pathname}${new URL(String(url)).search}${query}`;
    const data = this.#answers.find(([pattern]) => pattern.test(decodeURIComponent(path)))?.[1];
    if (/\/sinks\/[^/]+$/u.test(path)) throw new CordonFailure('NotFound', 'The sink of the example was deleted.');
    if (!data)
      throw new Error(`The example project has no answer to ${path}: add it to scripts/generate/examples/gcp.ts.`);
    return Promise.resolve({ data } as gaxios.GaxiosResponse<Answer>);
  }
}

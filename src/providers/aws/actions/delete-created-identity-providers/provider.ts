import type { Tag } from '@aws-sdk/client-iam';
import {
  CreateOpenIDConnectProviderCommand,
  CreateSAMLProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteSAMLProviderCommand,
  GetOpenIDConnectProviderCommand,
  GetSAMLProviderCommand,
} from '@aws-sdk/client-iam';
import { z } from 'zod';

import type { PlannedCall } from '../../../../domain/plan.ts';
import type { AwsClients } from '../../clients.ts';
import { orNull } from '../../confirm.ts';

/** The ledger keeps it: metadata of a SAML provider is some kilobytes, and may be megabytes. */
const LONGEST_METADATA = 100_000;

const tags = z.array(z.object({ Key: z.string(), Value: z.string() }));
export const providerSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('oidc'),
    url: z.string(),
    clientIds: z.array(z.string()),
    thumbprints: z.array(z.string()),
    tags,
  }),
  z.object({ kind: z.literal('saml'), name: z.string(), metadata: z.string().max(LONGEST_METADATA), tags }),
]);
/** All that a provider consists of, so that it can be made again. */
export type ProviderState = z.output<typeof providerSchema>;

export interface FoundProvider {
  readonly createdAt: Date | undefined;
  /** Null: it can't be read whole, or is too large to keep. */
  readonly state: ProviderState | null;
}

/** Null: IAM does not know it. */
export async function findProvider({ iam }: AwsClients, arn: string): Promise<FoundProvider | null> {
  if (isSaml(arn)) {
    const found = await orNull(iam.send(new GetSAMLProviderCommand({ SAMLProviderArn: arn })));
    if (!found) return null;
    const { SAMLMetadataDocument: metadata, AssertionEncryptionMode, PrivateKeyList = [] } = found;
    const isWhole = metadata !== undefined && metadata.length <= LONGEST_METADATA;
    const isOpen = AssertionEncryptionMode === undefined && PrivateKeyList.length === 0;
    const name = arn.slice(arn.indexOf('/') + 1);
    const state = isWhole && isOpen ? { kind: 'saml' as const, name, metadata, tags: sorted(found.Tags) } : null;
    return { createdAt: found.CreateDate, state };
  }
  const found = await orNull(iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })));
  if (!found) return null;
  const { Url, ClientIDList = [], ThumbprintList = [], CreateDate } = found;
  // IAM takes the address with its scheme and answers without.
  const url = Url?.replace(/^(?:https:\/\/)?/u, 'https://');
  if (url === undefined) return { createdAt: CreateDate, state: null };
  const lists = { clientIds: ClientIDList.toSorted(), thumbprints: ThumbprintList.toSorted() };
  return { createdAt: CreateDate, state: { kind: 'oidc', url, ...lists, tags: sorted(found.Tags) } };
}

/** One that is gone already is as wanted. */
export async function deleteProvider({ iam }: AwsClients, arn: string): Promise<void> {
  await orNull<unknown>(
    isSaml(arn)
      ? iam.send(new DeleteSAMLProviderCommand({ SAMLProviderArn: arn }))
      : iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })),
  );
}

export async function createProvider({ iam }: AwsClients, state: ProviderState): Promise<void> {
  await (state.kind === 'saml'
    ? iam.send(new CreateSAMLProviderCommand(samlInput(state)))
    : iam.send(new CreateOpenIDConnectProviderCommand(oidcInput(state))));
}

export function deleteCall(arn: string): PlannedCall {
  return isSaml(arn)
    ? { service: 'iam', operation: 'DeleteSAMLProvider', parameters: { SAMLProviderArn: arn } }
    : { service: 'iam', operation: 'DeleteOpenIDConnectProvider', parameters: { OpenIDConnectProviderArn: arn } };
}

export function createCall(state: ProviderState): PlannedCall {
  return state.kind === 'saml'
    ? { service: 'iam', operation: 'CreateSAMLProvider', parameters: samlInput(state) }
    : { service: 'iam', operation: 'CreateOpenIDConnectProvider', parameters: oidcInput(state) };
}

function samlInput({
  name: Name,
  metadata: SAMLMetadataDocument,
  tags: Tags,
}: Extract<ProviderState, { kind: 'saml' }>) {
  return { Name, SAMLMetadataDocument, ...(Tags.length > 0 ? { Tags } : {}) };
}

function oidcInput({ url, clientIds, thumbprints, tags: Tags }: Extract<ProviderState, { kind: 'oidc' }>) {
  return { Url: url, ClientIDList: clientIds, ThumbprintList: thumbprints, ...(Tags.length > 0 ? { Tags } : {}) };
}

function sorted(list: readonly Tag[] = []): { Key: string; Value: string }[] {
  return list.map(({ Key = '', Value = '' }) => ({ Key, Value })).toSorted((a, b) => (a.Key < b.Key ? -1 : 1));
}

function isSaml(arn: string): boolean {
  return arn.includes(':saml-provider/');
}

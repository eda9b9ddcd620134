import type { ServiceSpecificCredentialMetadata } from '@aws-sdk/client-iam';
import { ListServiceSpecificCredentialsCommand, UpdateServiceSpecificCredentialCommand } from '@aws-sdk/client-iam';

import type { AwsClients } from '../../clients.ts';
import type { ListedCredential } from '../inactivation.ts';
import { inactivation } from '../inactivation.ts';

export const deactivateServiceSpecificCredentials = inactivation({
  id: 'deactivate-service-specific-credentials',
  title: 'Deactivate every service-specific credential of the user',
  description:
    'Sets every active service-specific credential of the IAM user to Inactive: Git passwords of CodeCommit, passwords of ' +
    'Keyspaces, long-term API keys of Bedrock and whatever other service IAM lists; they are listed again right before. ' +
    'Short-term API keys of Bedrock are signed with other credentials and end with those. A rollback reactivates the ' +
    'credentials that were active before; where one was deleted since it changes nothing, and one that expired stays so. A ' +
    'credential that appeared after the plan was made stays inactive.',
  survives:
    'Short-term API keys of Bedrock: as long as the session that they were made with, up to 12 hours. Connections ' +
    'that are open.',
  noun: ['service-specific credential', 'service-specific credentials'],
  listOperation: 'ListServiceSpecificCredentials',
  updateOperation: 'UpdateServiceSpecificCredential',
  idParameter: 'ServiceSpecificCredentialId',
  list: listAll,
  update: (clients, UserName, ServiceSpecificCredentialId, Status) =>
    clients.iam.send(new UpdateServiceSpecificCredentialCommand({ UserName, ServiceSpecificCredentialId, Status })),
});

/** The SDK has no paginator for this one, although the answer has pages. */
async function listAll(clients: AwsClients, UserName: string): Promise<readonly ListedCredential[]> {
  const credentials: ListedCredential[] = [];
  let marker: string | undefined;
  do {
    const page = await clients.iam.send(
      new ListServiceSpecificCredentialsCommand({ UserName, ...(marker ? { Marker: marker } : {}) }),
    );
    credentials.push(...(page.ServiceSpecificCredentials ?? []).map(listed));
    marker = page.IsTruncated ? page.Marker : undefined;
  } while (marker);
  return credentials;
}

function listed(credential: ServiceSpecificCredentialMetadata): ListedCredential {
  const { ServiceSpecificCredentialId, Status, ServiceName } = credential;
  return {
    id: ServiceSpecificCredentialId ?? '',
    status: Status ?? 'unknown',
    ...(ServiceName ? { service: ServiceName } : {}),
  };
}

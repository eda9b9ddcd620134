import type { SSHPublicKeyMetadata } from '@aws-sdk/client-iam';
import { paginateListSSHPublicKeys, UpdateSSHPublicKeyCommand } from '@aws-sdk/client-iam';

import type { ListedCredential } from '../inactivation.ts';
import { inactivation } from '../inactivation.ts';

export const deactivateSshPublicKeys = inactivation({
  id: 'deactivate-ssh-public-keys',
  title: 'Deactivate every SSH public key of the user',
  description:
    'Sets every active SSH public key of the IAM user, with which Git repositories of CodeCommit are reached, to Inactive; ' +
    'the keys are listed again right before. A connection that is open may end its transfer. A rollback reactivates the keys ' +
    'that were active before; where one was deleted since it changes nothing. A key that appeared after the plan was made ' +
    'stays inactive.',
  survives: 'A connection that is open, until its transfer ends. Other credentials of the user.',
  noun: ['SSH public key', 'SSH public keys'],
  listOperation: 'ListSSHPublicKeys',
  updateOperation: 'UpdateSSHPublicKey',
  idParameter: 'SSHPublicKeyId',
  async list(clients, UserName) {
    const keys: ListedCredential[] = [];
    for await (const page of paginateListSSHPublicKeys({ client: clients.iam }, { UserName })) {
      keys.push(...(page.SSHPublicKeys ?? []).map(listed));
    }
    return keys;
  },
  update: (clients, UserName, SSHPublicKeyId, Status) =>
    clients.iam.send(new UpdateSSHPublicKeyCommand({ UserName, SSHPublicKeyId, Status })),
});

function listed({ SSHPublicKeyId, Status }: SSHPublicKeyMetadata): ListedCredential {
  return { id: SSHPublicKeyId ?? '', status: Status ?? 'unknown' };
}

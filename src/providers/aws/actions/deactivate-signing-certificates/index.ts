import type { SigningCertificate } from '@aws-sdk/client-iam';
import { paginateListSigningCertificates, UpdateSigningCertificateCommand } from '@aws-sdk/client-iam';

import type { ListedCredential } from '../inactivation.ts';
import { inactivation } from '../inactivation.ts';

export const deactivateSigningCertificates = inactivation({
  id: 'deactivate-signing-certificates',
  title: 'Deactivate every signing certificate of the user',
  description:
    'Sets every active X.509 signing certificate of the IAM user, with which older SOAP interfaces are called, to Inactive; ' +
    'the certificates are listed again right before. A rollback reactivates those that were active before; where one was ' +
    'deleted since it changes nothing. A certificate that appeared after the plan was made stays inactive.',
  survives: 'Calls that were accepted already. Other credentials of the user.',
  noun: ['signing certificate', 'signing certificates'],
  listOperation: 'ListSigningCertificates',
  updateOperation: 'UpdateSigningCertificate',
  idParameter: 'CertificateId',
  async list(clients, UserName) {
    const certificates: ListedCredential[] = [];
    for await (const page of paginateListSigningCertificates({ client: clients.iam }, { UserName })) {
      certificates.push(...(page.Certificates ?? []).map(listed));
    }
    return certificates;
  },
  update: (clients, UserName, CertificateId, Status) =>
    clients.iam.send(new UpdateSigningCertificateCommand({ UserName, CertificateId, Status })),
});

function listed({ CertificateId, Status }: SigningCertificate): ListedCredential {
  return { id: CertificateId ?? '', status: Status ?? 'unknown' };
}

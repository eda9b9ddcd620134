import { createHash, randomUUID, X509Certificate } from 'node:crypto';

import type { FederatedCredential, KeyCredential, PasswordCredential } from './state.ts';

export interface FederatedOptions {
  readonly issuer: string;
  /** Absent for a flexible one, which has an expression instead. */
  readonly subject?: string;
  readonly expression?: string;
  readonly name?: string;
}

export interface PasswordOptions {
  readonly secret?: string;
  readonly displayName?: string;
  readonly endDateTime?: string;
}

/** Two years long, as the portal's default is at most. */
export function newPassword(now: Date, options: PasswordOptions): PasswordCredential {
  const end = new Date(now.getTime() + 730 * 86_400_000).toISOString();
  return {
    keyId: randomUUID(),
    displayName: options.displayName ?? null,
    startDateTime: now.toISOString(),
    endDateTime: options.endDateTime ?? end,
    secret: options.secret ?? newSecret(),
  };
}

/** Forty characters of the form that Entra makes: three, then `8Q~`, then the rest. */
export function newSecret(): string {
  const random = createHash('sha256').update(randomUUID()).digest('base64url');
  return `${random.slice(0, 3)}8Q~${random.slice(3, 37)}`;
}

export function keyCredentialOf(pem: string): KeyCredential {
  const certificate = new X509Certificate(pem);
  return {
    keyId: randomUUID(),
    displayName: certificate.subject,
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
    customKeyIdentifier: Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex').toString('base64'),
    startDateTime: certificate.validFromDate.toISOString(),
    endDateTime: certificate.validToDate.toISOString(),
    key: certificate.raw.toString('base64'),
  };
}

export function federatedCredentialOf(options: FederatedOptions): FederatedCredential {
  const { issuer, subject = null, expression, name = 'workload' } = options;
  const audiences = ['api://AzureADTokenExchange'];
  const flexible = expression ? { claimsMatchingExpression: { value: expression, languageVersion: 1 } } : {};
  return { id: randomUUID(), name, issuer, subject, audiences, description: null, ...flexible };
}

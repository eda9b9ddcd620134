export type SigningFailureKind = 'denied' | 'unavailable' | 'timed-out' | 'invalid';

/** What the approver reads. What the far side said is in `cause`, for the log alone. */
const SAYS: Readonly<Record<SigningFailureKind, string>> = {
  denied:
    'Cordon may not use its signing key, so nothing was decided. An operator must give the server the right to sign with it; then decide again.',
  unavailable: 'The signing key could not be reached, so nothing was decided. Decide again.',
  'timed-out': 'The signing key did not answer in time, so nothing was decided. Decide again.',
  invalid:
    'What the signing key answered is no signature of it, so nothing was decided. An operator must check that the key and its public half belong together.',
};

/** There is no signature. Trying again is safe: it signs a new decision with a nonce of its own, and this one was sent nowhere. */
export class SigningFailure extends Error {
  readonly kind: SigningFailureKind;

  constructor(kind: SigningFailureKind, cause?: unknown) {
    super(SAYS[kind], { cause });
    this.name = 'SigningFailure';
    this.kind = kind;
  }
}

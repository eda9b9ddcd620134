/** AES-256-GCM with the key id beside the ciphertext and the context bound as additional authenticated data. */
export interface Cipher {
  readonly keyId: string;
  /** `context` says where the text belongs (for example `temporal|default|case-…` or `alert|al_…`); opening elsewhere fails. */
  seal(plain: Uint8Array, context: string): Uint8Array;
  /** Throws when the text is not sealed, was changed, belongs elsewhere, or its key is unknown. */
  open(sealed: Uint8Array, context: string): Uint8Array;
}

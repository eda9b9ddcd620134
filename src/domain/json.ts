/** What survives a trip through JSON unchanged. Everything that enters workflow history or the ledger is one of these. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

import type { Config } from '../../config/schema.ts';

export const FORMATS = ['json', 'terraform', 'cloudformation', 'bicep'] as const;
export type PolicyFormat = (typeof FORMATS)[number];

/** Options that only some of the policies have a use for. */
export interface PolicyOptions {
  readonly account?: string;
  /** The identity that the policy is for, as its cloud names it. */
  readonly self?: string;
  /** ARNs of roles that a guard does not bind. */
  readonly allow?: readonly string[];
  readonly projectRole?: boolean;
}

export interface PrintedPolicy {
  /** An object is printed as JSON. */
  readonly document: object | string;
  /** What the document can't say; told beside it, so that the document stays as its tool takes it. */
  readonly notes: readonly string[];
}

export interface PolicyPrinter {
  /** As is the custom in that cloud; the first is the default. */
  readonly formats: readonly PolicyFormat[];
  readonly options: readonly (keyof PolicyOptions)[];
  /** Throws `UsageError`. */
  print(config: Config, format: PolicyFormat, options: PolicyOptions): Promise<PrintedPolicy>;
}

/** What one real run of respondToAlert passed to its activities and got from them. */
export interface Recording {
  readonly identifyPrincipal: Call;
  readonly gatherActivity: Call;
  readonly gatherCredentials: Call;
  readonly recordVerdict: Call;
}

export interface Call {
  readonly input: unknown;
  readonly result: unknown;
}

export interface BareInput {
  readonly id: string;
  /** Of the local activity's argument. */
  readonly recordBytes: number;
}

interface Identified {
  readonly subject: unknown;
  readonly around: unknown;
  readonly before: unknown;
}

export interface BareActivities {
  identify(input: unknown): Promise<Identified>;
  readOne(input: unknown): Promise<unknown>;
  readOther(input: unknown): Promise<unknown>;
  record(input: string): Promise<void>;
}

/** They answer at once with the very values that were recorded, so that the same bytes are encoded, encrypted and stored. */
export function bareActivities(recording: Recording): BareActivities {
  const { resolution, ...rest } = recording.identifyPrincipal.result as { readonly resolution: object } & Identified;
  const { principal } = recording.gatherCredentials.input as { readonly principal: unknown };
  // The same fields in another order, and the principal where the bare workflow finds it without knowing what it is.
  const { principal: _, ...status } = resolution as Record<string, unknown>;
  const identified = { ...rest, status, subject: principal };
  return {
    identify: async () => identified,
    readOne: async () => recording.gatherActivity.result,
    readOther: async () => recording.gatherCredentials.result,
    record: async () => undefined,
  };
}

/** The input of a bare run, as many bytes long as that of a real one. */
export function bareInput(recording: Recording, number: number): BareInput {
  const recordBytes = JSON.stringify(recording.recordVerdict.input).length - 2;
  const wanted = JSON.stringify(recording.identifyPrincipal.input).length;
  const rest = JSON.stringify({ id: '', recordBytes }).length;
  return { id: String(number).padStart(wanted - rest, '0'), recordBytes };
}

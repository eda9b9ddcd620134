/** The value below which the share `q` (0 to 1) of the values lies, interpolated. Throws for no values: nothing was measured. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * q;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) throw new Error('There is no quantile of nothing.');
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export interface Spread {
  readonly least: number;
  readonly most: number;
}

export function spread(values: readonly number[]): Spread {
  return { least: quantile(values, 0), most: quantile(values, 1) };
}

/** Each round by itself, so that what slows a whole round of the machine slows both sides of a ratio. */
export function ratios(rounds: readonly { readonly of: number; readonly to: number }[]): readonly number[] {
  return rounds.map(({ of, to }) => of / to);
}

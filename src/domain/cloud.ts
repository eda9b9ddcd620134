/** Clouds with a provider. A new one is added here, and the compiler then asks for its folder under `src/providers`. */
export const CLOUDS = ['aws', 'azure', 'gcp'] as const;
export type Cloud = (typeof CLOUDS)[number];

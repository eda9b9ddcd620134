/** Alert formats. A new one is a name here, a folder beside, and a line in the registry, which the compiler asks for. */
export const SOURCE_NAMES = ['generic', 'guardduty'] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

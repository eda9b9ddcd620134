import { z } from 'zod';

/** One role that the member has in one place, under one condition or none. */
export const grantSchema = z.object({
  /** `projects/p`, `folders/1`, `organizations/2`, `projects/p/serviceAccounts/e`. */
  resource: z.string(),
  role: z.string(),
  member: z.string(),
  /** Title, description, expression, location: what there is of them. */
  condition: z.record(z.string(), z.string()).nullable(),
});
export type Grant = z.output<typeof grantSchema>;

import { z } from 'zod';

import type { PrincipalKind } from '../domain/principal.ts';

/** People are many and replaced by a colleague; behind a machine's identity stands a service that stops. */
const PERSON = 10;
const MACHINE = 5;

const perHour = (limit: number) => z.int().min(0).default(limit);

/** Every kind has a limit: one without would have no brake. */
const perKind = z.strictObject({
  'iam-user': perHour(PERSON),
  'role-session': perHour(MACHINE),
  'identity-center-user': perHour(PERSON),
  'federated-user': perHour(PERSON),
  'service-linked-role': perHour(MACHINE),
  root: perHour(MACHINE),
  'aws-service': perHour(MACHINE),
  'entra-user': perHour(PERSON),
  'service-principal': perHour(MACHINE),
  'managed-identity': perHour(MACHINE),
  'service-account': perHour(MACHINE),
  'google-user': perHour(PERSON),
} satisfies Record<PrincipalKind, z.ZodType<number>>);

/** Whichever is full first refuses; a plan counts in all three or in none. */
export const budgetSection = z.strictObject({
  containmentsPerHour: z.int().min(1).default(20).describe('Principals contained in any hour, in all'),
  perAccount: z
    .int()
    .min(1)
    .default(10)
    .describe('Of these, in any one AWS account, Azure tenant or GCP project; Google users count as one account'),
  perKind: perKind.prefault({}).describe('Of these, of each kind of identity; 0 contains none of the kind'),
});

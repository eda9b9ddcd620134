import { z } from 'zod';

import { documentDigest } from '../../documents.ts';

/**
 * A statement in the policy of a function, as AddPermission makes it; whatever has another form could not be added again.
 * https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
 *
 *     {"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",
 *      "Resource":"arn:aws:lambda:…:function:f","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}
 */
const statementSchema = z.strictObject({
  Sid: z.string(),
  Effect: z.literal('Allow'),
  Principal: z.union([z.literal('*'), z.strictObject({ AWS: z.string() }), z.strictObject({ Service: z.string() })]),
  Action: z.string(),
  Resource: z.string(),
  Condition: z
    .strictObject({
      ArnLike: z.strictObject({ 'AWS:SourceArn': z.string() }).optional(),
      StringEquals: z
        .strictObject({
          'AWS:SourceAccount': z.string().optional(),
          'aws:PrincipalOrgID': z.string().optional(),
          'lambda:FunctionUrlAuthType': z.enum(['AWS_IAM', 'NONE']).optional(),
        })
        .optional(),
      Bool: z.strictObject({ 'lambda:InvokedViaFunctionUrl': z.enum(['true', 'false']) }).optional(),
    })
    .optional(),
});

const policySchema = z.object({ Statement: z.array(z.looseObject({ Sid: z.string().optional() })) });

/** The statement of that id as JSON, out of the policy of a function; null where there is none. */
export function statementOf(policy: string, statementId: string): string | null {
  const found = policySchema.parse(JSON.parse(policy)).Statement.find(({ Sid }) => Sid === statementId);
  return found ? JSON.stringify(found) : null;
}

/** Parameters of AddPermission, beside the function. */
export type Addition = Readonly<Record<string, string | boolean>> & {
  readonly StatementId: string;
  readonly Action: string;
  readonly Principal: string;
};

/** What adds the statement again; null where AddPermission could not make it to the letter. */
export function additionOf(statement: string): Addition | null {
  const parsed = statementSchema.safeParse(JSON.parse(statement)).data;
  if (!parsed) return null;
  const { Sid, Principal, Action, Condition: { ArnLike, StringEquals, Bool } = {} } = parsed;
  const optional = {
    SourceArn: ArnLike?.['AWS:SourceArn'],
    SourceAccount: StringEquals?.['AWS:SourceAccount'],
    PrincipalOrgID: StringEquals?.['aws:PrincipalOrgID'],
    FunctionUrlAuthType: StringEquals?.['lambda:FunctionUrlAuthType'],
    InvokedViaFunctionUrl: Bool && Bool['lambda:InvokedViaFunctionUrl'] === 'true',
  };
  const given = Object.fromEntries(
    Object.entries(optional).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
  return { StatementId: Sid, Action, Principal: principalOf(Principal), ...given };
}

export function isStatement(statement: string | null, digest: string): boolean {
  return statement !== null && documentDigest(statement) === digest;
}

/** AddPermission takes the number of an account where the statement has its root. */
function principalOf(principal: z.output<typeof statementSchema>['Principal']): string {
  if (principal === '*') return principal;
  if ('Service' in principal) return principal.Service;
  return /^arn:aws:iam::(\d{12}):root$/u.exec(principal.AWS)?.[1] ?? principal.AWS;
}

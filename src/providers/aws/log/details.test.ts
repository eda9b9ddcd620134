import { describe, expect, it } from 'vitest';

import { detailsOf } from './details.ts';
import { readEvent } from './event.ts';

const policyArn = 'arn:aws:iam::123456789012:policy/developers';
const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:invoices';

describe('what the log names', () => {
  it.each<[object, object]>([
    [
      { userName: 'bob', policyArn: 'arn:aws:iam::aws:policy/X' },
      { userName: 'bob', policyArn: 'arn:aws:iam::aws:policy/X' },
    ],
    [{ userName: '*', policyName: 'a b', policyArn: 'arn:aws:iam::aws:policy/*' }, {}],
    [{ userName: { $ne: 1 }, roleName: '../x', policyName: '<@U1>' }, {}],
    [{ roleName: 'r'.repeat(65) }, {}],
  ])('%j', (requestParameters, expected) => {
    const event = readEvent(
      JSON.stringify({
        eventID: 'e',
        eventTime: '2026-01-01T12:00:00Z',
        eventSource: 'iam.amazonaws.com',
        eventName: 'X',
        requestParameters,
      }),
    );
    expect(event && detailsOf(event)).toEqual(expected);
  });

  const detailsIn = (record: object) => {
    const base = { eventID: 'e', eventTime: '2026-01-01T12:00:00Z', eventSource: 'iam.amazonaws.com', eventName: 'X' };
    const event = readEvent(JSON.stringify({ ...base, ...record }));
    return event && detailsOf(event);
  };
  const statement = (Resource: string, Sid = 'backdoor') =>
    JSON.stringify({ Sid, Effect: 'Allow', Principal: '*', Action: 'lambda:InvokeFunction', Resource });
  const added = (text: string, awsRegion = 'eu-central-1') =>
    detailsIn({
      eventSource: 'lambda.amazonaws.com',
      eventName: 'AddPermission20150331v2',
      awsRegion,
      responseElements: { statement: text },
    });

  it('of a version of a policy: which one, and whether it is the default', () => {
    const made = (setAsDefault: unknown, versionId: unknown = 'v2') =>
      detailsIn({
        eventName: 'CreatePolicyVersion',
        requestParameters: { policyArn, setAsDefault },
        responseElements: { policyVersion: { versionId } },
      });
    for (const chosen of [true, 'true', 'TRUE']) expect(made(chosen)).toEqual({ policyArn, policyVersionId: 'v2' });
    for (const chosen of [false, 'false', undefined]) expect(made(chosen)).toEqual({ policyArn, idle: true });
    // Neither in force for certain nor idle for certain.
    for (const id of ['*', { v: 2 }]) expect(made(true, id)).toEqual({ policyArn });
  });

  it('of a function: by the answer of Lambda, and only where it is plainly one function of that region', () => {
    expect(added(statement(functionArn))).toMatchObject({ functionArn, statementId: 'backdoor' });
    expect(added(statement(`${functionArn}:live`))).toMatchObject({ functionArn: `${functionArn}:live` });
    expect(added(statement(functionArn), 'us-east-1')).not.toHaveProperty('functionArn');
    expect(added(statement(`${functionArn}*`))).not.toHaveProperty('functionArn');
    expect(added(statement(functionArn, 'a b'))).not.toHaveProperty('statementId');
    expect(added('{')).toEqual({});
    expect(added(statement('x'.repeat(20_000)))).toEqual({});
  });

  it('of trust and statements: their meaning, however they are written', () => {
    const trusted = (Principal: object) =>
      detailsIn({
        eventName: 'UpdateAssumeRolePolicy',
        requestParameters: { policyDocument: JSON.stringify({ Statement: [{ Effect: 'Allow', Principal }] }) },
      });
    expect(trusted({ AWS: '210987654321' })).toEqual(trusted({ AWS: ['arn:aws:iam::210987654321:root'] }));
    expect(trusted({ AWS: '210987654321' })).not.toEqual(trusted({ AWS: '*' }));
  });
});

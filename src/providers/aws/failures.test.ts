import { describe, expect, it } from 'vitest';

import { toFailure } from './failures.ts';

const call = { service: 'iam', operation: 'PutUserPolicy', creating: false };
const sdk = (name: string, status?: number, message = '', more: object = {}) =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: 'r-1' }, ...more });
const network = (code: string) => Object.assign(new Error('x'), { code });

describe('toFailure', () => {
  it.each([
    [sdk('Throttling', 400), 'Throttled'],
    [sdk('ThrottlingException', 400), 'Throttled'],
    [sdk('TooManyRequestsException', 429), 'Throttled'],
    [sdk('SomethingNew', 429), 'Throttled'],
    [sdk('SomethingNew', 400, '', { $retryable: { throttling: true } }), 'Throttled'],
    [sdk('AccessDenied', 403), 'AccessDenied'],
    [sdk('AccessDeniedException', 400), 'AccessDenied'],
    [sdk('InvalidClientTokenId', 403), 'AccessDenied'],
    [sdk('ExpiredTokenException', 403), 'AccessDenied'],
    [sdk('NoSuchEntityException', 404), 'NotFound'],
    [sdk('ResourceNotFoundException', 400), 'NotFound'],
    [sdk('EntityTemporarilyUnmodifiableException', 409), 'Conflict'],
    [sdk('ConcurrentModificationException', 409), 'Conflict'],
    [sdk('MalformedPolicyDocumentException', 400), 'ValidationFailed'],
    [sdk('LimitExceededException', 409), 'ValidationFailed'],
    [sdk('PasswordPolicyViolationException', 400), 'ValidationFailed'],
    [sdk('InvalidTimeRangeException', 400), 'ValidationFailed'],
    [sdk('ServiceFailureException', 500), 'Unavailable'],
    [sdk('InternalServiceError', 500), 'Unavailable'],
    [sdk('TimeoutError'), 'TimedOut'],
    [network('ETIMEDOUT'), 'TimedOut'],
    [network('ECONNRESET'), 'Unavailable'],
    [network('ECONNREFUSED'), 'Unavailable'],
    // What nobody knows is retried, and never taken for a success or for "not there".
    [sdk('BrandNewException', 400), 'Unavailable'],
    [sdk('toString', 400), 'Unavailable'],
    [new SyntaxError('Unexpected token < in JSON'), 'Unavailable'],
    ['a string', 'Unavailable'],
    [undefined, 'Unavailable'],
  ])('%s is %s', (error, type) => {
    expect(toFailure(error, call).type).toBe(type);
  });

  it.each([
    [network('ECONNRESET'), 'OutcomeUnknown'],
    [sdk('TimeoutError'), 'OutcomeUnknown'],
    [sdk('ServiceFailureException', 500), 'OutcomeUnknown'],
    [sdk('BrandNewException', 400), 'OutcomeUnknown'],
    [network('ECONNREFUSED'), 'Unavailable'],
    [sdk('Throttling', 400), 'Throttled'],
    [sdk('AccessDenied', 403), 'AccessDenied'],
  ])('at a creating call, %s is %s', (error, type) => {
    expect(toFailure(error, { ...call, creating: true }).type).toBe(type);
  });

  it('names the missing permission and the resource', () => {
    const message =
      'User: arn:aws:iam::123456789012:user/cordon is not authorized to perform: iam:PutUserPolicy on resource: user alice ' +
      'because no identity-based policy allows the iam:PutUserPolicy action';
    expect(toFailure(sdk('AccessDenied', 403, message), call).message).toMatch(/iam:PutUserPolicy on user alice/u);
    expect(toFailure(sdk('AccessDenied', 403, 'no'), call).message).toContain('iam:PutUserPolicy');
  });

  it('passes on nothing of what was sent or of the headers', () => {
    const canary = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
    for (const name of ['ValidationException', 'AccessDenied', 'BrandNew', 'InternalFailure', 'Throttling']) {
      const error = sdk(name, 400, `1 validation error: Value '${canary}' at 'secretString'`, {
        $response: { body: canary },
      });
      const failure = toFailure(error, call);
      expect(`${failure.stack} ${JSON.stringify(failure)} ${String(failure.cause)}`).not.toContain(canary);
    }
  });

  it('hands on how long to wait', () => {
    const error = sdk('ThrottlingException', 429, '', { $response: { headers: { 'retry-after': '7' } } });
    expect(toFailure(error, call).retryAfterMs).toBe(7000);
  });
});

import { createHttpHeaders, createPipelineRequest, RestError } from '@azure/core-rest-pipeline';
import { describe, expect, it } from 'vitest';

import { armPermission } from './calls.ts';
import { toFailure } from './failures.ts';

const call = { name: 'PUT /subscriptions/s/x', permission: 'Microsoft.Authorization/roleAssignments/write' };
function answered(status: number, code = 'x', message = '', headers: Record<string, string> = {}): RestError {
  const request = createPipelineRequest({ url: 'https://localhost' });
  const bodyAsText = JSON.stringify({ error: { code, message } });
  const response = { status, request, headers: createHttpHeaders(headers), bodyAsText };
  return new RestError('refused', { statusCode: status, request, response });
}
const named = (name: string, message = '') => Object.assign(new Error(message), { name });
const network = (code: string) => new RestError('x', { code });

describe('toFailure', () => {
  it.each<[unknown, string]>([
    [answered(400), 'ValidationFailed'],
    [answered(401), 'AccessDenied'],
    [answered(403, 'AuthorizationFailed'), 'AccessDenied'],
    [answered(400, 'AadPremiumLicenseRequired'), 'ValidationFailed'],
    [answered(409, 'ScopeLocked'), 'ValidationFailed'],
    [answered(403, 'Authentication_RequestFromNonPremiumTenantOrB2CTenant'), 'ValidationFailed'],
    [answered(404), 'NotFound'],
    [answered(409), 'Conflict'],
    [answered(412), 'Conflict'],
    [answered(422), 'ValidationFailed'],
    [answered(429), 'Throttled'],
    [answered(500), 'Unavailable'],
    [answered(503), 'Unavailable'],
    [named('AbortError'), 'TimedOut'],
    [network('ETIMEDOUT'), 'TimedOut'],
    [network('ECONNRESET'), 'Unavailable'],
    [network('ECONNREFUSED'), 'Unavailable'],
    [named('AuthenticationRequiredError', '7000215 - AADSTS7000215: Invalid client secret provided.'), 'AccessDenied'],
    [named('AuthenticationRequiredError', 'AADSTS90033: A transient error has occurred.'), 'Unavailable'],
    [named('CredentialUnavailableError', 'no identity'), 'Unavailable'],
    // What nobody knows is retried, and never taken for a success or for "not there".
    [new SyntaxError('Unexpected token < in JSON'), 'Unavailable'],
    [answered(302), 'Unavailable'],
    ['a string', 'Unavailable'],
    [undefined, 'Unavailable'],
  ])('%s is %s', (error, type) => {
    expect(toFailure(error, call).type).toBe(type);
  });

  it('names the missing permission and the scope', () => {
    const message =
      "The client 'x' with object id 'x' does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/delete' " +
      "over scope '/subscriptions/s/resourceGroups/g' or the scope is invalid.";
    const failure = toFailure(answered(403, 'AuthorizationFailed', message), call);
    expect(failure.message).toContain(
      'Microsoft.Authorization/roleAssignments/delete on /subscriptions/s/resourceGroups/g',
    );
    expect(toFailure(answered(403), call).message).toContain(call.permission);
  });

  it('names what is lacking at what a setting sends to, not what is held', () => {
    const message =
      "The client 'x' with object id 'x' has permission to perform action 'Microsoft.Insights/diagnosticSettings/write' on scope " +
      "'/subscriptions/s/x'; however, it does not have permission to perform action 'Microsoft.Storage/storageAccounts/listKeys/action' " +
      "on the linked scope(s) '/subscriptions/other/storage' or the linked scope(s) are invalid.";
    const failure = toFailure(answered(403, 'LinkedAuthorizationFailed', message), call);
    expect(failure.message).toContain(
      'Microsoft.Storage/storageAccounts/listKeys/action on /subscriptions/other/storage',
    );
    expect(failure.message).not.toContain('diagnosticSettings');
  });

  it('names the lock, and the second permission of the logs', () => {
    const message =
      "The scope '/subscriptions/s/x' cannot perform delete operation because following scope(s) are locked: '/subscriptions/s'. Please …";
    expect(toFailure(answered(409, 'ScopeLocked', message), call).message).toContain(
      'a lock on /subscriptions/s forbids it',
    );
    const { message: denied } = toFailure(answered(403, 'Authentication_ApplicationHasNoDirectoryReadAccess'), call);
    expect(denied).toContain('Directory.Read.All');
  });

  it('passes on nothing of what was sent or answered', () => {
    const canary = 'wJalrXUtnFEMI~K7MDENG';
    for (const status of [400, 401, 403, 404, 409, 429, 500]) {
      const failure = toFailure(answered(status, 'Bad', `Value '${canary}' is not valid`), call);
      expect(`${failure.stack} ${JSON.stringify(failure)} ${String(failure.cause)}`).not.toContain(canary);
    }
  });

  it('hands on how long to wait', () => {
    expect(toFailure(answered(429, 'x', '', { 'retry-after': '7' }), call).retryAfterMs).toBe(7000);
    expect(toFailure(answered(429), call).retryAfterMs).toBeUndefined();
  });
});

describe('armPermission', () => {
  const authorization = '/providers/Microsoft.Authorization';
  it.each([
    [
      'DELETE',
      `https://h//subscriptions/s${authorization}/roleAssignments/g?x=1`,
      'Microsoft.Authorization/roleAssignments/delete',
    ],
    [
      'PUT',
      `/subscriptions/s${authorization}/roleEligibilityScheduleRequests/g`,
      'Microsoft.Authorization/roleEligibilityScheduleRequests/write',
    ],
    [
      'GET',
      '/subscriptions/s/providers/Microsoft.Insights/eventtypes/management/values',
      'Microsoft.Insights/eventtypes/values/read',
    ],
    [
      'GET',
      `/subscriptions/s/providers/A.B/c/d${authorization}/roleAssignments`,
      'Microsoft.Authorization/roleAssignments/read',
    ],
  ])('%s %s needs %s', (method, url, permission) => {
    expect(armPermission(method, url)).toBe(permission);
  });
});

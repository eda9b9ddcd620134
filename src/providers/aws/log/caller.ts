import { parseArn } from '../../../domain/arn.ts';
import type { SessionCaller } from '../../../domain/evidence.ts';
import type { LogEvent } from './event.ts';

/**
 * Who asked STS for a session, in the form in which a trust policy can name it: a session as its role, a caller of another account
 * by its unique id, which is all that the log of the role's account has.
 */
export function callerOf(event: LogEvent): SessionCaller {
  const [id = '', session] = event.identityId.split(':');
  if (event.provider !== '') {
    // For SAML the log has a hash in place of the provider; its ARN stands in the request.
    const { principalArn } = event.parameters;
    const provider = typeof principalArn === 'string' ? principalArn : event.provider;
    return { kind: 'federated', id: provider.slice(0, 512), subject: event.subject.slice(0, 512) };
  }
  if (event.invokedBy !== '' || event.identityType === 'AWSService') {
    return { kind: 'service', id: event.invokedBy.slice(0, 128) };
  }
  switch (event.identityType) {
    case 'IAMUser':
      return { kind: 'principal', id: event.identityArn };
    case 'AssumedRole': {
      const subject = parseArn(event.identityArn)?.resource.split('/').at(-1) ?? '';
      return { kind: 'principal', id: event.issuerArn, subject };
    }
    case 'AWSAccount':
      return { kind: 'foreign', id, ...(session === undefined ? {} : { subject: session }) };
    default:
      return { kind: 'unknown', id: (event.identityArn || event.identityType).slice(0, 512) };
  }
}

/** For a person to read. */
export function nameOfCaller({ kind, id, subject }: SessionCaller): string {
  return kind === 'federated' ? `${subject ?? 'someone'} of ${id}` : id || 'someone whom the log does not name';
}

import { CASE_ID } from './names.ts';

/** As `caseIdOf` makes them, and shorter ones besides: by another name nothing is taken for the doing of a case. */
const MADE_BY_CORDON = /^ca_[A-Za-z0-9_-]{1,60}$/u;

/** How a case is written into what Cordon leaves, and read out of it again by the sweep for orphans. */
interface Mark {
  /** What the name or Sid of every such thing begins with, of whatever case. */
  readonly prefix: string;
  of(caseId: string): string;
  /** Null where the case can't be told from it. */
  caseIn(text: string): string | null;
}

/** As a name, which may hold what an id of a case holds. */
function inName(prefix: string): Mark & { readonly isMade: (name: string) => boolean } {
  const rest = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : '');
  return {
    prefix,
    of: (caseId) => `${prefix}${caseId}`,
    caseIn: (name) => (MADE_BY_CORDON.test(rest(name)) ? rest(name) : null),
    /** Whether `of` makes it, for the parameters of actions. */
    isMade: (name) => CASE_ID.test(rest(name)),
  };
}

/** As the Sid of a statement: IAM allows letters and digits only there. A number may follow where there are several. */
function inSid(prefix: string): Mark {
  const pattern = new RegExp(`^${prefix}ca([0-9a-f]{32})`, 'u');
  return {
    prefix,
    of: (caseId) => `${prefix}${caseId.replaceAll(/[^A-Za-z0-9]/gu, '')}`,
    caseIn(sid) {
      const digits = pattern.exec(sid)?.[1];
      return digits === undefined ? null : `ca_${digits}`;
    },
  };
}

/** Inline policies of deny-principal and deny-created-identity. */
export const DENY_POLICY = inName('CordonDeny-');
/** Managed policies of quarantine-principal. */
export const QUARANTINE_POLICY = inName('CordonQuarantine-');
/** Secrets of rotate-access-key. */
export const KEY_SECRET = inName('cordon/access-keys/');
/** The statement of revoke-role-sessions, whose policy has AWS's name. */
export const REVOCATION = inSid('Cordon');
/** The statements of close-role-trust. */
export const CLOSED_TRUST = inSid('CordonClosesTrust');
/** The statement of deny-permission-set-user. */
export const PERSON_DENY = inSid('CordonDeny');

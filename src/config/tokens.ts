import type { Config } from './schema.ts';
import { SecretError } from './secrets.ts';

/** RFC 6750, section 2.1. */
const BEARER = String.raw`[\w.~+/=-]{1,4096}`;
export const BEARER_HEADER = new RegExp(`^Bearer (${BEARER})$`, 'iu');
const BEARER_TOKEN = new RegExp(`^${BEARER}$`, 'u');
/** A token of 16 random characters can't be guessed, and the log takes it out where it turns up. */
const FEWEST_CHARACTERS = 16;

export interface Credentials {
  /** HMAC secret or bearer token by source. */
  readonly sources: Readonly<Record<string, string | undefined>>;
  /** Bearer token by approver id. */
  readonly approvers: Readonly<Record<string, string | undefined>>;
}

type Named = Pick<Config, 'sources' | 'approvers'>;

/** Why, of those that are there, one could not be told from another or from nobody. No value stands in it. */
export function credentialProblems(config: Named, resolved: Credentials): readonly string[] {
  const there = credentials(config, resolved).filter(({ value }) => value);
  return there.flatMap(({ whose, bearer, value = '' }, index) => {
    const twin = there.findIndex((other) => other.value === value);
    return [
      ...(value.length < FEWEST_CHARACTERS
        ? [`the secret of ${whose} has fewer than ${FEWEST_CHARACTERS} characters: it could be guessed`]
        : []),
      ...(bearer && !BEARER_TOKEN.test(value)
        ? [`the secret of ${whose} can't be sent as a bearer token: letters, digits and .~+/=-_ only`]
        : []),
      ...(twin < index ? [`${whose} has the same secret as ${there[twin]?.whose}: one would count for the other`] : []),
    ];
  });
}

/** Throws `SecretError` with every problem at once, what is configured and not there among them. */
export function checkCredentials(config: Named, resolved: Credentials): void {
  const missing = credentials(config, resolved)
    .filter(({ value }) => !value)
    .map(({ whose }) => `the secret of ${whose} is configured and not there`);
  const problems = [...missing, ...credentialProblems(config, resolved)];
  if (problems.length > 0) throw new SecretError(`Nothing is served: ${problems.join('; ')}. ${REMEDY}`);
}

function credentials({ sources, approvers }: Named, resolved: Credentials) {
  return [
    ...Object.entries(sources).map(([name, { type }]) => ({
      whose: `the source ${name}`,
      bearer: type === 'bearer',
      value: resolved.sources[name],
    })),
    ...approvers
      .filter(({ token }) => token !== undefined)
      .map(({ id }) => ({ whose: `the approver ${id}`, bearer: true, value: resolved.approvers[id] })),
  ];
}

export const REMEDY = 'Give each its own random one, such as `openssl rand -hex 32` makes.';

import { CLOUDS, type Cloud } from '../../src/domain/cloud.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

interface Wanted {
  readonly variable: string;
  readonly form: RegExp;
  readonly says: string;
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;

/** Who sets these has said which account may be changed; whether the credentials are of that account is then asked of the cloud. */
const WANTED: Readonly<Record<Cloud, readonly Wanted[]>> = {
  aws: [
    {
      variable: 'CORDON_LIVE_AWS_ACCOUNT',
      form: /^\d{12}$/u,
      says: 'the id of the account that may be changed, 12 digits',
    },
  ],
  azure: [
    { variable: 'CORDON_LIVE_AZURE_TENANT', form: GUID, says: 'the id of the tenant that may be changed' },
    { variable: 'CORDON_LIVE_AZURE_SUBSCRIPTION', form: GUID, says: 'the id of the subscription that may be changed' },
  ],
  gcp: [
    {
      variable: 'CORDON_LIVE_GCP_PROJECT',
      form: /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/u,
      says: 'the id of the project that may be changed, not its name or number',
    },
  ],
};

/** Why nothing may be run, each with its remedy; empty where all is said that must be said. */
export function refusalsOf(clouds: readonly string[], environment: Environment): readonly string[] {
  const refusals: string[] = [];
  if (environment['CI'] && environment['CI'] !== 'false')
    refusals.push(
      'CI is set: live tests change real accounts and are no part of CI. A job made for them alone unsets it.',
    );
  if (clouds.length === 0) refusals.push(`No cloud is named. Name one or several: ${CLOUDS.join(', ')}.`);
  for (const cloud of clouds) {
    if (!isCloud(cloud)) refusals.push(`${cloud} is no cloud that Cordon knows: ${CLOUDS.join(', ')}.`);
    else for (const one of WANTED[cloud]) refusals.push(...refusalOf(one, environment[one.variable]));
  }
  return refusals;
}

function refusalOf({ variable, form, says }: Wanted, value: string | undefined): string[] {
  if (!value) return [`${variable} is not set: ${says}.`];
  return form.test(value) ? [] : [`${variable} is "${value}", which is not ${says}.`];
}

/** What was confirmed; `refusalsOf` has found nothing. */
export function confirmed(environment: Environment, variable: string): string {
  const value = environment[variable];
  if (!value) throw new Error(`${variable} is not set.`);
  return value;
}

export function isCloud(text: string): text is Cloud {
  return (CLOUDS as readonly string[]).includes(text);
}

/** Thrown where the credentials are of another account than the confirmed one. Nothing was changed. */
export function wrongAccount(found: string, wanted: string): Error {
  return new Error(`The credentials are of ${found}, and ${wanted} was confirmed. Nothing was changed.`);
}

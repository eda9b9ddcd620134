import type { z } from 'zod';

import { CLOUDS } from '../../domain/cloud.ts';
import { cluesOf } from '../clues.ts';
import { inertList, inertText, rendered, validAddresses, validLink, validTime } from '../inert-text.ts';
import { AlertInvalid, fitting } from '../invalid.ts';
import type { NormalisedAlert, Source } from '../port.ts';
import { genericSchema } from './schema.ts';

type Body = z.infer<typeof genericSchema>;

export const generic: Source<'generic'> = {
  name: 'generic',
  title: "Cordon's own JSON",
  schema: genericSchema,
  parse: (body, receivedAt) => {
    const given = fitting(genericSchema, body);
    return [{ alert: normalise(given, receivedAt), part: body }];
  },
};

function normalise(given: Body, receivedAt: Date): NormalisedAlert {
  const cloud = CLOUDS.find((known) => known === given.cloud) ?? 'unknown';
  const { principal = {}, discovery } = given;
  const accountId = accountOf(given, cloud);
  const link = validLink(given.link);
  return {
    sourceAlertId: given.id,
    title: inertText(given.title, 200),
    rule: inertText(given.rule, 200),
    severity: given.severity,
    techniques: [...new Set(given.techniques)].slice(0, 20),
    cloud,
    ...(accountId === undefined ? {} : { accountId }),
    clues: cluesOf([
      ['arn', principal.arn],
      ['user-name', principal.userName],
      ['access-key-id', principal.accessKeyId],
      ['principal-id', principal.principalId],
      ['object-id', principal.objectId],
      ['app-id', principal.appId],
      ['user-principal-name', principal.userPrincipalName],
      ['email', principal.email],
      ['key-id', principal.keyId],
    ]),
    sourceAddresses: validAddresses(given.sourceAddresses ?? []),
    userAgents: inertList(given.userAgents ?? [], 10, 256),
    ...timesOf(given, receivedAt),
    ...(discovery === undefined ? {} : { discovery: { ...discovery, apiList: inertList(discovery.apiList, 50, 128) } }),
    ...(link === undefined ? {} : { link }),
    sample: false,
  };
}

function accountOf({ accountId }: Body, cloud: NormalisedAlert['cloud']): string | undefined {
  const text = rendered(accountId);
  if (text === undefined) return undefined;
  if (cloud === 'aws' && !/^\d{12}$/u.test(text)) {
    throw new AlertInvalid([{ pointer: '/accountId', detail: 'An AWS account has twelve digits' }]);
  }
  return inertText(text, 100);
}

function timesOf({ firstSeen, lastSeen = firstSeen }: Body, receivedAt: Date) {
  const first = validTime(firstSeen, receivedAt);
  const last = validTime(lastSeen, receivedAt);
  const detail = 'Expected a past time as ISO 8601 with a zone, for example 2026-01-31T23:59:00Z';
  if (first === undefined) throw new AlertInvalid([{ pointer: '/firstSeen', detail }]);
  if (last === undefined) throw new AlertInvalid([{ pointer: '/lastSeen', detail }]);
  if (last < first) throw new AlertInvalid([{ pointer: '/lastSeen', detail: 'Lies before firstSeen' }]);
  return { firstSeen: first, lastSeen: last };
}

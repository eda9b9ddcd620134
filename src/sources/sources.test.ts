import { existsSync, readdirSync, readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { configSchema } from '../config/schema.ts';
import { SEVERITIES } from '../domain/alert.ts';
import { receive, SOURCES } from './index.ts';
import { isClean } from './inert-text.ts';
import { AlertInvalid } from './invalid.ts';
import { SOURCE_NAMES, type SourceName } from './names.ts';

const RECEIVED = new Date('2026-02-01T00:00:00Z');
const here = new URL('.', import.meta.url);
const fixturesOf = (name: SourceName) => readdirSync(new URL(`${name}/fixtures/`, here));
const fixture = (path: string) => JSON.parse(readFileSync(new URL(path, here), 'utf8'));
const recorded = (path: string) => new URL(`../../../shared/data/${path}`, import.meta.url);

describe('the registry', () => {
  it('holds every folder, and every source may be configured', () => {
    const folders = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).toSorted()).toEqual(SOURCE_NAMES.toSorted());
    expect(Object.keys(SOURCES).toSorted()).toEqual(SOURCE_NAMES.toSorted());
    const bearer = { type: 'bearer', secret: { env: 'X' } };
    const sources = Object.fromEntries(SOURCE_NAMES.map((name) => [name, bearer]));
    expect(Object.keys(configSchema.parse({ sources }).sources).toSorted()).toEqual(SOURCE_NAMES.toSorted());
  });

  it.each(SOURCE_NAMES)('%s knows its name and has fixtures and a README', (name) => {
    expect(SOURCES[name].name).toBe(name);
    expect(fixturesOf(name).length).toBeGreaterThan(1);
    expect(existsSync(new URL(`${name}/README.md`, here))).toBe(true);
  });
});

describe.each(SOURCE_NAMES)('%s', (name) => {
  it.each(fixturesOf(name))('reads %s', (file) => {
    for (const { alert } of receive(name, fixture(`${name}/fixtures/${file}`), RECEIVED)) expectWithinBounds(alert);
  });

  it('answers any JSON with alerts within bounds or with the names of fields, and pollutes nothing', () => {
    const bodies = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(...fixturesOf(name)).chain((file) => mutated(fixture(`${name}/fixtures/${file}`))),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        try {
          for (const { alert, raw } of receive(name, body, RECEIVED)) {
            expectWithinBounds(alert);
            expect(() => JSON.parse(raw)).not.toThrow();
          }
        } catch (error) {
          if (!(error instanceof AlertInvalid)) throw error;
          expect(error.problems.length).toBeGreaterThan(0);
          for (const { pointer } of error.problems) expect(pointer).toMatch(/^(?:\/[^\p{Cc}]*)?$/u);
        }
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });
});

it('refuses a body that is nested to overflow a stack', () => {
  const deep = JSON.parse(`${'{"detail":'.repeat(100_000)}1${'}'.repeat(100_000)}`);
  for (const name of SOURCE_NAMES) expect(() => receive(name, deep, RECEIVED)).toThrow(AlertInvalid);
});

describe('recorded GuardDuty findings', () => {
  const custodian = recorded('cloud-custodian/cwe/iam-duty-event.json');
  it.skipIf(!existsSync(custodian))('a sample event is marked as one', () => {
    const [one] = receive('guardduty', JSON.parse(readFileSync(custodian, 'utf8')), RECEIVED);
    expect(one?.alert).toMatchObject({
      sourceAlertId: '36b01b60fc22bb4edb19d62d9899e953',
      sample: true,
      severity: 'medium',
      sourceAddresses: ['198.51.100.0'],
      clues: [
        { form: 'user-name', value: 'GeneratedFindingUserName' },
        { form: 'access-key-id', value: 'GeneratedFindingAccessKeyId' },
        { form: 'principal-id', value: 'GeneratedFindingPrincipalId' },
      ],
    });
  });

  const panther = recorded('panther-analysis/fixtures/tests-aws_guardduty_rules.jsonl');
  it.skipIf(!existsSync(panther))('a finding without a resource has no clue, and only the sample is a sample', () => {
    const findings = readFileSync(panther, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).log);
    const samples = findings.map((detail) => {
      const event = { source: 'aws.guardduty', 'detail-type': 'GuardDuty Finding', detail };
      const [one] = receive('guardduty', event, RECEIVED);
      expect(one?.alert.clues).toEqual([]);
      return one?.alert.sample;
    });
    expect(samples).toEqual([false, true]);
  });

  const hub = recorded('secops-content-hub/aws_guard_duty__get_finding_details_JsonResult_example.json');
  it.skipIf(!existsSync(hub))('an answer of GetFindings about an instance has no clue', () => {
    const alerts = receive('guardduty', JSON.parse(readFileSync(hub, 'utf8')), RECEIVED);
    expect(alerts.length).toBeGreaterThan(0);
    for (const { alert } of alerts) expect(alert).toMatchObject({ clues: [], cloud: 'aws' });
  });
});

/** One to four places of a real body replaced by anything, or given a hostile key. */
function mutated(body: unknown): fc.Arbitrary<unknown> {
  const hostile = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('{{x}}', '${x}', '‮evil', 'a\n{"level":50}', 'x'.repeat(5_000), '<no value>', -1, 1e308),
  );
  const edits = fc.array(fc.tuple(fc.nat(), hostile, fc.boolean()), { minLength: 1, maxLength: 4 });
  return edits.map((list) => {
    const copy = structuredClone(body);
    for (const [seed, value, pollute] of list) {
      const places = placesOf(copy);
      const place = places[seed % places.length];
      if (!place) continue;
      if (pollute) definePrototypeKey(place.holder, { polluted: value });
      else place.holder[place.key] = value;
    }
    return copy;
  });
}

/** As JSON.parse does it: an own key of that name. */
function definePrototypeKey(holder: object, value: unknown): void {
  Object.defineProperty(holder, '__proto__', { value, enumerable: true, configurable: true, writable: true });
}

function placesOf(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}

function expectWithinBounds(alert: ReturnType<typeof receive>[number]['alert']): void {
  expect(alert.alertId).toMatch(/^al_[0-9a-f]{32}$/u);
  expect(SEVERITIES).toContain(alert.severity);
  expect(alert.sourceAddresses.length).toBeLessThanOrEqual(10);
  expect(alert.firstSeen <= alert.lastSeen).toBe(true);
  for (const time of [alert.firstSeen, alert.lastSeen]) expect(new Date(time).toISOString()).toBe(time);
  const texts = [
    alert.sourceAlertId,
    alert.title,
    alert.rule,
    alert.accountId ?? '',
    ...alert.userAgents,
    ...(alert.discovery?.apiList ?? []),
    ...alert.techniques,
  ];
  for (const text of texts) {
    expect(isClean(text)).toBe(true);
    expect(Array.from(text).length).toBeLessThanOrEqual(256);
  }
  for (const { value } of alert.clues) {
    expect(isClean(value)).toBe(true);
    expect(value).not.toMatch(/\{\{.*\}\}|<no value>/u);
    expect(value.length).toBeLessThanOrEqual(2100);
  }
  expect(JSON.stringify(alert).length).toBeLessThan(64_000);
}

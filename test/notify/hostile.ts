import fc from 'fast-check';

import { QUESTIONS, type QuestionId } from '../../src/domain/evidence.ts';
import { PLAN_KINDS, type PlannedAction } from '../../src/domain/plan.ts';
import type { ApprovalRequest } from '../../src/notify/port.ts';
import { action, ALERT, plan, request, VERDICT } from './requests.ts';

/** Pieces that would come alive, hide something, or pretend to be ours. */
const PIECES = [
  '<!channel>',
  '<@U024BE7LH>',
  '<https://evil.example|AWS console>',
  'https://evil.example/x',
  ':tada:',
  'evil.example',
  '\u202Egnp.exe',
  '\u200B',
  '\n\nApproved by Dana',
  '&lt;!here&gt;',
  '`*_~',
  '\u0000',
  '\uD800',
  'a\u0301\u0301\u0301\u0301\u0301\u0301',
  'mailto:a@b.co',
  '@here',
  '\u{E0001}',
  '💥',
  '&',
  '://',
  ' ',
];

/** What an attacker would write, and what a fuzzer would. */
export const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'binary', minLength: 2_500, maxLength: 4_000 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((parts) => parts.join('')),
);

const hostileActions = (most: number): fc.Arbitrary<PlannedAction[]> =>
  fc
    .array(
      fc.record({
        title: hostileText,
        target: hostileText,
        calls: fc.array(
          fc.record({
            service: fc.constant('iam'),
            operation: fc.constant('PutUserPolicy'),
            parameters: fc.dictionary(fc.string({ maxLength: 10 }), hostileText, { maxKeys: 3 }),
          }),
          { maxLength: 6 },
        ),
        mayBreak: fc.array(hostileText, { maxLength: 6 }),
        reversibility: fc.constantFrom('exact' as const, 'partial' as const, 'not-needed' as const, 'none' as const),
        alreadySo: fc.boolean(),
      }),
      { maxLength: most, size: 'max' },
    )
    .map((drawn) =>
      drawn.map(({ target, ...rest }, sequence) => {
        const base = action(sequence, rest);
        return { ...base, request: { ...base.request, target } };
      }),
    );

export const hostileRequest: fc.Arbitrary<ApprovalRequest> = fc
  .record({
    kind: fc.constantFrom(...PLAN_KINDS),
    actions: hostileActions(40),
    name: hostileText,
    accountId: hostileText,
    texts: fc.array(hostileText, { minLength: 1, maxLength: 30 }),
    obstacles: fc.array(hostileText, { maxLength: 12 }),
    caveats: fc.array(hostileText, { maxLength: 12 }),
    approvals: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ kind, actions: drawn, name, accountId, texts, obstacles, caveats, approvals }) => {
    const principal = { ...plan().principal, name, accountId };
    const requirement = { approvals, reason: texts[0] ?? '' };
    const questions = Object.keys(QUESTIONS) as QuestionId[];
    return request({
      plan: plan({ kind, actions: drawn, principal, obstacles, caveats, requirement }),
      verdict: {
        ...VERDICT,
        reasons: texts.map((text) => ({ rule: text, weight: 'raises' as const, text, questions: [] })),
        evidence: texts.map((text, index) => ({
          question: questions[index % questions.length] ?? 'denials',
          answer: 'unknown' as const,
          summary: text,
          source: text,
        })),
      },
      alerts: texts.map((text) => ({ ...ALERT, title: text, rule: text, source: text })),
    });
  });

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CALLS_A_HUMAN, END_STATES, TRANSITIONS, type CaseState } from '../../src/domain/case.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { PLAN_KINDS } from '../../src/domain/plan.ts';
import { approvalMessage } from '../../src/notify/slack/blocks.ts';
import { closedMessage, noticeMessage } from '../../src/notify/slack/closed-message.ts';
import { inert, inertFallback } from '../../src/notify/slack/inert-text.ts';
import { renderAsText } from '../../src/notify/slack/render-text.ts';
import { hostileRequest, hostileText } from './hostile.ts';
import { messageFaults } from './message-faults.ts';
import { action, ALERT, CASE_ID, DIGEST, plan, request, VERDICT } from './requests.ts';

const STATES = Object.keys(TRANSITIONS) as CaseState[];
const buttonIds = (message: { blocks: unknown }) =>
  JSON.stringify(message.blocks).match(/cordon\.(approve|deny)/gu) ?? [];

describe('a request for approval', () => {
  it('reads as a person reads it', () => {
    expect(renderAsText(approvalMessage(request()).blocks)).toMatchInlineSnapshot(`
      "Contain IAM user alice in aws 123456789012?
      ===========================================
      Risk 90 of 100 · case ca_0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d · plan 1f2e3d4c1f2e
      Answer until 2026-03-01 06:15 UTC. No answer means no: nothing is changed.

      Why:
      • 21 discovery calls in 3 minutes (burst-score)

      What was seen:
      • Is there an unusual pattern, or an excess, of discovery calls? SUSPICIOUS: 21 calls of 17 APIs, where 2 a day are usual. (CloudTrail us-east-1)
      • From a suspicious or rare address? UNKNOWN: The log before the alert could not be read. (CloudTrail us-east-1)

      Alerts, as their detectors worded them:
      • Cloud infrastructure discovery burst (generic, high, rule t1580-aws-discovery-burst)

      ------------------------------------------------------------

      The plan, in this order, and nothing else:

      1. Deny everything to alice
      on arn:aws:iam::123456789012:user/alice
      May break: Everything that runs as alice stops.
      → iam PutUserPolicy UserName=alice PolicyName=CordonDenyAll PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}
      Can be undone exactly.

      2. Deactivate 2 access keys of alice
      on arn:aws:iam::123456789012:user/alice
      May break: Programs that use these keys are refused.
      → iam UpdateAccessKey UserName=alice AccessKeyId=AKIAEXAMPLE000000001 Status=Inactive
      → iam UpdateAccessKey UserName=alice AccessKeyId=AKIAEXAMPLE000000002 Status=Inactive
      Can be undone exactly.
      Can be undone: 2 exactly (2 changes). Everything that is not named above stays as it is.
      Needs one approver: one identity, all changes reversible

      [ Approve containment ]  [ Deny ]"
    `);
  });

  it('says for a rollback what comes back to life', () => {
    const rollback = plan({ kind: 'rollback', actions: [action(0, { title: 'Remove the deny policy of alice' })] });
    expect(renderAsText(approvalMessage(request({ plan: rollback })).blocks)).toMatchInlineSnapshot(`
      "Put back what was changed for IAM user alice in aws 123456789012?
      =================================================================
      Risk 90 of 100 · case ca_0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d · plan 1f2e3d4c1f2e
      Answer until 2026-03-01 06:15 UTC. No answer means no: nothing is changed.

      Why:
      • 21 discovery calls in 3 minutes (burst-score)

      What was seen:
      • Is there an unusual pattern, or an excess, of discovery calls? SUSPICIOUS: 21 calls of 17 APIs, where 2 a day are usual. (CloudTrail us-east-1)
      • From a suspicious or rare address? UNKNOWN: The log before the alert could not be read. (CloudTrail us-east-1)

      Alerts, as their detectors worded them:
      • Cloud infrastructure discovery burst (generic, high, rule t1580-aws-discovery-burst)

      ------------------------------------------------------------

      Put back, in this order, and nothing else:

      1. Remove the deny policy of alice
      on arn:aws:iam::123456789012:user/alice
      Takes effect: Everything that runs as alice stops.
      → iam PutUserPolicy UserName=alice PolicyName=CordonDenyAll PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}
      Needs one approver: one identity, all changes reversible

      [ Approve rollback ]  [ Deny ]"
    `);
  });

  it('says for a deletion, in the question, in the plan and before the click, that nothing brings the keys back', () => {
    const delete1 = action(0, { title: 'Delete the access keys of alice', reversibility: 'none' });
    const message = approvalMessage(request({ plan: plan({ kind: 'deletion', actions: [delete1] }) }));
    const text = renderAsText(message.blocks);
    for (const said of [
      'Delete the deactivated keys of',
      "This can't be undone:",
      'Can NOT be undone.',
      '1 NOT at all',
    ])
      expect(text).toContain(said);
    expect(JSON.stringify(message.blocks)).toContain("This can't be undone: a deleted key never works again");
    expect(text).toContain('[ Approve deletion ]');
  });

  it('is bound to the whole digest, in the button, whatever is shown', () => {
    const text = JSON.stringify(approvalMessage(request()).blocks);
    expect(text.split(JSON.stringify(JSON.stringify({ caseId: CASE_ID, planDigest: DIGEST }))).length - 1).toBe(2);
  });

  it('has no buttons at all while the plan has obstacles, and names them', () => {
    const blocked = approvalMessage(request({ plan: plan({ obstacles: ['iam:PutUserPolicy is missing'] }) }));
    expect(buttonIds(blocked)).toEqual([]);
    expect(renderAsText(blocked.blocks)).toContain('iam:PutUserPolicy is missing');
  });

  it('shows what the plan does not promise', () => {
    const caveats = ['Sessions of roles in other accounts survive.'];
    expect(renderAsText(approvalMessage(request({ plan: plan({ caveats }) })).blocks)).toContain(caveats[0]);
  });

  it('never shows text that comes alive, and keeps the limits of Slack, whatever alerts and clouds say', () => {
    fc.assert(
      fc.property(hostileRequest, (hostile) => {
        const message = approvalMessage(hostile);
        expect(messageFaults(message)).toEqual([]);
        expect(buttonIds(message)).toHaveLength(hostile.plan.obstacles.length > 0 ? 0 : 2);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });

  it.each([0, 3, 20, 40, 90])('of %i actions, with every text as long as can be, is not too long', (count) => {
    const long = 'WW '.repeat(1_500);
    const many = Array.from({ length: 40 }, () => long);
    const calls = many.map(() => ({ service: 'iam', operation: 'PutUserPolicy', parameters: { long } }));
    const drawn = Array.from({ length: count }, (_, sequence) => {
      const base = action(sequence, { title: long, calls, mayBreak: many });
      return { ...base, request: { ...base.request, target: long } };
    });
    for (const obstacles of [[], many]) {
      const of = plan({
        actions: drawn,
        obstacles,
        caveats: many,
        requirement: { approvals: 5, reason: long },
        principal: { ...plan().principal, name: long },
      });
      const message = approvalMessage({
        ...request({ plan: of }),
        verdict: {
          ...VERDICT,
          reasons: many.map((text) => ({ rule: text, weight: 'raises', text, questions: [] })),
          evidence: many.map((text) => ({ question: 'denials', answer: 'unknown', summary: text, source: text })),
        },
        alerts: many.map((text) => ({ ...ALERT, title: text, rule: text, source: text })),
      });
      expect(messageFaults(message)).toEqual([]);
    }
  });

  it.each([1, 20, 21, 40, 41, 90])('of %i actions never leaves one out without a word', (count) => {
    const drawn = Array.from({ length: count }, (_, sequence) => action(sequence));
    const shown = renderAsText(approvalMessage(request({ plan: plan({ actions: drawn }) })).blocks);
    const named = drawn.filter(({ sequence }) => new RegExp(`^${sequence + 1}\\. Deny`, 'mu').test(shown)).length;
    expect(named).toBe(Math.min(count, 40));
    if (count > named) expect(shown).toContain(`… ${count - named} more actions, see the case`);
  });

  it('never cuts a call without a word', () => {
    const document = `{"Statement":[${'{"Effect":"Deny"},'.repeat(60)}{"Effect":"Allow"}]}`;
    const calls = [{ service: 'iam', operation: 'PutUserPolicy', parameters: { PolicyDocument: document } }];
    const shown = renderAsText(approvalMessage(request({ plan: plan({ actions: [action(0, { calls })] }) })).blocks);
    expect(shown).not.toContain('Allow');
    expect(shown).toContain(`… cut; whole in the case: cordon case show ${CASE_ID}`);
  });

  const longCalls = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      service: 'iam',
      operation: 'DeleteUserPolicy',
      parameters: { UserName: 'alice', PolicyName: `${index}${'chosen-by-the-suspect'.repeat(5)}` },
    }));
  const confirmOf = (message: { blocks: unknown }) => {
    const button = JSON.stringify(message.blocks).match(/"confirm":(\{"title".*?"style":"danger"\})/u)?.[1] ?? '{}';
    return (JSON.parse(button) as { text?: { text: string } }).text?.text;
  };

  it.each([
    ['one action with 12 long calls', 1, 12],
    ['six actions with eight', 6, 8],
    ['forty actions', 40, 1],
    ['ninety actions', 90, 1],
  ])('of %s tells what may break all the same, and never says that all is shown', (_name, count, calls) => {
    const drawn = Array.from({ length: count }, (_, sequence) =>
      action(sequence, { calls: longCalls(calls), mayBreak: [`The job ${sequence % 3} stops.`] }),
    );
    const message = approvalMessage(request({ plan: plan({ actions: drawn }) }));
    const shown = renderAsText(message.blocks);
    for (const job of [0, 1, 2].slice(0, count)) expect(shown).toContain(`The job ${job} stops.`);
    expect(confirmOf(message)).toContain('This message does not show all that is called: read the case first.');
    expect(confirmOf(message)).not.toContain('in the message.');
  });

  it('says before the click that all is in the message only where it is', () => {
    expect(confirmOf(approvalMessage(request()))).toContain('What is called and what may break is in the message.');
  });

  it('never cuts the text before the click, however long the names are', () => {
    const principal = { ...plan().principal, name: 'W'.repeat(500), accountId: '1'.repeat(500) };
    for (const kind of PLAN_KINDS)
      for (const count of [1, 30]) {
        const drawn = Array.from({ length: count }, (_, sequence) => action(sequence));
        const text = confirmOf(approvalMessage(request({ plan: plan({ kind, actions: drawn, principal }) })));
        expect(text).toMatch(/(read the case first|in the message)\.$/u);
      }
  });

  it('says how to read the calls that do not fit', () => {
    const long = Array.from({ length: 30 }, (_, sequence) => action(sequence));
    const shown = renderAsText(approvalMessage(request({ plan: plan({ actions: long }) })).blocks);
    expect(shown).toContain(`read all of it with cordon case show ${CASE_ID}`);
    expect(shown).toContain('30. Deny everything');
  });
});

describe('a closed request', () => {
  const closed = (state: CaseState, kind: Plan['kind'] = 'containment', reopened = false) => {
    const of = request({ plan: plan({ kind }), ...(reopened ? { reopened } : {}) });
    return closedMessage({ request: of, state, lines: ['Approved by Dana at 02:14 UTC'] });
  };
  const shownOf = (message: { blocks: Parameters<typeof renderAsText>[0] }) => renderAsText(message.blocks);

  it('reads as a person reads it', () => {
    expect(renderAsText(closed('PARTIAL').blocks)).toMatchInlineSnapshot(`
      "PARTIAL: IAM user alice in aws 123456789012
      ===========================================

      Containment: Only a part of the plan holds.

      What to do: Not contained. Look at the account now; the case says what was done and what was not. cordon case show ca_0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d

      What happened:
      • Approved by Dana at 02:14 UTC

      ------------------------------------------------------------

      The plan was:
      • 1. Deny everything to alice → arn:aws:iam::123456789012:user/alice (Can be undone exactly)
      • 2. Deactivate 2 access keys of alice → arn:aws:iam::123456789012:user/alice (Can be undone exactly)
      Risk 90 of 100 · case ca_0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d · plan 1f2e3d4c1f2e"
    `);
  });

  it.each(STATES)('has no buttons in state %s, and says what to do where a person must', (state) => {
    for (const kind of PLAN_KINDS) {
      const message = closed(state, kind);
      expect(messageFaults(message)).toEqual([]);
      expect(buttonIds(message)).toEqual([]);
      expect(messageFaults(closed(state, kind, true))).toEqual([]);
      if (CALLS_A_HUMAN.includes(state)) expect(shownOf(message)).toContain('What to do:');
    }
  });

  it.each(STATES)('of a rollback or a deletion that came to %s never says what became of the containment', (state) => {
    for (const kind of ['rollback', 'deletion'] as const) {
      const shown = shownOf(closed(state, kind));
      expect(shown).not.toMatch(/not contained|contained[.,;]|credentials still work/iu);
      expect(shown).toMatch(kind === 'rollback' ? /^(Rollback |ROLL)/u : /^Deletion of keys: /u);
    }
  });

  it.each(['REJECTED', 'EXPIRED', 'FAILED'] as const)(
    'of a second plan that ends %s says that nothing else changed',
    (state) => {
      expect(shownOf(closed(state, 'rollback'))).toContain('The containment stays as it is.');
      expect(shownOf(closed(state, 'deletion'))).toContain('No key was deleted');
    },
  );

  it.each(END_STATES.filter((state) => !/^CONTAINED|^CLOSED|^ROLL/u.test(state)))(
    'of a reopened case that ends %s says that what was changed before stands, and that nobody watches it',
    (state) => {
      const shown = shownOf(closed(state, 'containment', true));
      expect(shown).toContain('What was changed before it was reopened stands as far as nobody undid it');
      expect(shown).toContain('nobody watches it any more');
      expect(shown).toContain('What to do:');
      expect(shown).not.toMatch(/nothing was changed|credentials still work/iu);
    },
  );

  it('never says contained where it is not proved', () => {
    const claims = STATES.filter((state) => /contained\b/iu.test(closed(state).text.replace(/not contained/giu, '')));
    expect(claims).toEqual(['CONTAINED', 'MONITORING']);
  });

  it('never shows text that comes alive, and keeps the limits of Slack', () => {
    fc.assert(
      fc.property(
        hostileRequest,
        fc.constantFrom(...STATES),
        fc.array(hostileText, { maxLength: 60 }),
        (of, state, lines) => {
          const message = closedMessage({ request: of, state, lines });
          expect(messageFaults(message)).toEqual([]);
          expect(buttonIds(message)).toEqual([]);
        },
      ),
      { numRuns: 30, endOnFailure: true },
    );
  });
});

describe('a notice', () => {
  it('never shows text that comes alive, and keeps the limits of Slack', () => {
    fc.assert(
      fc.property(hostileText, fc.array(hostileText, { maxLength: 60 }), fc.boolean(), (title, lines, paging) => {
        const notice = { key: 'k', urgency: paging ? 'page' : 'inform', title, lines } as const;
        expect(messageFaults(noticeMessage(paging ? { ...notice, caseId: CASE_ID } : notice))).toEqual([]);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });
});

describe('inert text', () => {
  it.each([
    ['<!channel> <@U024BE7LH>', '‹!channel› ‹@U024BE7LH›'],
    ['<https://evil.example|AWS>', '‹https[:]//evil.example|AWS›'],
    ['a\n\nApproved by Dana', 'a Approved by Dana'],
    ['\u202Egnp.exe', '\uFFFDgnp.exe'],
    [':tada: party', '꞉tada: party'],
    ['arn:aws:iam::123456789012:user/alice', 'arn:aws:iam::123456789012:user/alice'],
  ])('%j becomes %j', (hostile, shown) => {
    expect(inert(hostile)).toBe(shown);
  });

  it('stays what it is when it is made inert again', () => {
    fc.assert(
      fc.property(hostileText, (text) => inert(inert(text)) === inert(text)),
      { endOnFailure: true },
    );
  });

  it('breaks in a notification also what only markup brings alive', () => {
    expect(inertFallback('*bold* evil.example & @here')).toBe(
      'bold  evil[.]example &amp; (at)here'.replace('bold', ' bold'),
    );
  });
});

import { describe, expect, it } from 'vitest';

import { createNotifiers } from '../../src/notify/index.ts';
import { noticeMessage } from '../../src/notify/slack/closed-message.ts';
import { recordingLog } from './gateway-double.ts';
import { CASE_ID, plan, request } from './requests.ts';

describe('the fallback', () => {
  it('is the first channel when Slack is not configured', () => {
    const { first, fallback } = createNotifiers({ log: recordingLog() });
    expect(first).toBe(fallback);
    expect(first.channel).toBe('log');
  });

  it('says at error level how to decide', async () => {
    const log = recordingLog();
    await createNotifiers({ log }).fallback.requestApproval(request());
    const [line] = log.lines;
    expect(line).toMatchObject({
      level: 'error',
      fields: { approve: `cordon case approve ${CASE_ID}`, deny: `cordon case deny ${CASE_ID}` },
    });
    expect(line?.message).toContain(`cordon case approve ${CASE_ID}`);
  });

  it.each(['page', 'inform'] as const)('says what urges (%s) in the words of Slack', async (urgency) => {
    const log = recordingLog();
    const notice = { key: 'k', urgency, title: 'PARTIAL: user alice', lines: ['One key is active.'] };
    await createNotifiers({ log }).fallback.notify(notice);
    expect(log.lines).toMatchObject([
      { level: 'error', message: noticeMessage(notice).text, fields: { urgency, lines: notice.lines } },
    ]);
    expect(log.lines[0]?.message.startsWith('Needs a person: ')).toBe(urgency === 'page');
  });

  it.each([[[]], [['no permission']]])('asks for a decision in the same words (obstacles: %j)', async (obstacles) => {
    const log = recordingLog();
    await createNotifiers({ log }).fallback.requestApproval(request({ plan: plan({ obstacles }) }));
    expect(log.lines[0]?.message).toMatch(/^Needs a person: A containment waits/u);
  });

  it('never offers to approve a plan with obstacles', async () => {
    const log = recordingLog();
    await createNotifiers({ log }).fallback.requestApproval(request({ plan: plan({ obstacles: ['no permission'] }) }));
    expect(JSON.stringify(log.lines)).not.toContain('case approve');
    expect(JSON.stringify(log.lines)).toContain('no permission');
  });
});

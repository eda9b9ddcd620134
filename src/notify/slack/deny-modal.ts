import type { types } from '@slack/bolt';

import { MOST_REASON_CHARACTERS, readSubject, type Subject } from './decisions.ts';
import { buttonValue } from './blocks.ts';
import { plain } from './message.ts';

export const DENY_MODAL = 'cordon.deny.reason';
const REASON = 'reason';

/** What the modal brings back: the plan it is about, and where its answer can be told (Slack's own URL, good for 30 minutes). */
export interface DenyContext {
  readonly subject: Subject;
  readonly responseUrl: string | undefined;
}

export function denyModal({ subject, responseUrl }: DenyContext): types.ModalView {
  const { caseId, planDigest } = subject;
  return {
    type: 'modal',
    callback_id: DENY_MODAL,
    private_metadata: JSON.stringify({ subject: buttonValue(caseId, planDigest), responseUrl }),
    title: plain('Deny this plan', 24),
    submit: plain('Deny', 24),
    close: plain('Go back', 24),
    blocks: [
      {
        type: 'input',
        block_id: REASON,
        label: plain('Why? It stands in the case for all to read.', 2_000),
        element: {
          type: 'plain_text_input',
          action_id: REASON,
          multiline: true,
          min_length: 1,
          max_length: MOST_REASON_CHARACTERS,
        },
      },
    ],
  };
}

export function readDenyContext(privateMetadata: string): DenyContext | undefined {
  try {
    const { subject, responseUrl } = JSON.parse(privateMetadata) as { subject?: unknown; responseUrl?: unknown };
    const read = readSubject(subject);
    return read && { subject: read, responseUrl: typeof responseUrl === 'string' ? responseUrl : undefined };
  } catch {
    return undefined;
  }
}

/** The reason as typed, or what to tell the person under the input. */
export function readReason(values: ModalValues): string | { readonly fault: string } {
  const reason = values[REASON]?.[REASON]?.value?.trim() ?? '';
  return reason === '' ? { fault: 'Say why, in a few words.' } : reason;
}

/** Answers to put under inputs, by block. */
export function reasonFault(fault: string): Record<string, string> {
  return { [REASON]: fault };
}

export type ModalValues = Readonly<
  Record<string, Readonly<Record<string, { readonly value?: string | null | undefined }>>>
>;

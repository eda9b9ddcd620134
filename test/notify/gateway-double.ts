import type { DecisionGateway, DecisionInput, GatewayAnswer } from '../../src/approval/gateway.ts';
import type { NotifyLog } from '../../src/notify/port.ts';

export interface RecordingGateway extends DecisionGateway {
  readonly asked: DecisionInput[];
  answer: (input: DecisionInput) => Promise<GatewayAnswer>;
}

/** Says what the test wants it to say, and keeps what it was asked. */
export function recordingGateway(): RecordingGateway {
  const gateway: RecordingGateway = {
    asked: [],
    answer: async () => ({ status: 'accepted', state: 'APPROVED', approvals: 1, required: 1 }),
    async decide(input) {
      gateway.asked.push(input);
      return gateway.answer(input);
    },
  };
  return gateway;
}

export interface RecordingLog extends NotifyLog {
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[];
}

export function recordingLog(): RecordingLog {
  const lines: RecordingLog['lines'] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, error: at('error'), warn: at('warn'), info: at('info') };
}

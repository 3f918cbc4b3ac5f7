// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { AgentDecision } from '../agent-decisions.ts';
import { EXPORT_EVENTS } from '../limits.ts';
import { sendProblem } from '../problem.ts';
import { rfc3339 } from '../rfc3339.ts';
import { eventCursor } from './cursor.ts';
import { operation, type Operation } from './operation.ts';
import { safeJson } from './safe-json.ts';
import { messagesText } from './stream-message.ts';
import { sendStream } from './stream-route.ts';

/** What the SIP agent did. Who calls whom is private, so a key is always needed. */
export const AGENT_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/sip-agent/decisions/stream',
    summary: 'Decisions of the SIP agent as they are made, as server-sent events',
    description:
      'Begins with the next decision, or after the one that Last-Event-ID or after names (0: with the oldest kept, some thousand). Each has its number since the start as id, the type decision, and the decision as JSON. Always needs a key that may read.',
    need: 'secrets',
    query: { after: eventCursor },
    mediaType: 'text/event-stream',
    schema: { type: 'string' },
    notFound: 'The SIP agent is off.',
    isConditional: () => false,
    handle: (call) => {
      const { agentDecisions: decisions } = call.ports;
      if (decisions === undefined) {
        return sendProblem(call.reply, 404, 'the SIP agent is off: start with --sip-agent');
      }
      sendStream(call, call.values.after, decisions.newestId, {
        read: (after) => {
          const found = decisions.after(after, EXPORT_EVENTS);
          const messages = found.map((decision) => ({
            id: decision.id,
            type: 'decision',
            data: entry(decision),
          }));
          return {
            messages: messagesText(messages),
            after: found.at(-1)?.id ?? decisions.newestId,
            more: found.length === EXPORT_EVENTS,
          };
        },
      });
    },
  }),
];

function entry(decision: AgentDecision): string {
  const { e164 } = decision;
  return safeJson({
    at: rfc3339(decision.epochUs),
    kind: decision.kind,
    outcome: decision.outcome,
    status: decision.status,
    level: decision.level,
    peer: decision.peer,
    transport: decision.transport,
    call_id: decision.callId,
    account: decision.account ?? null,
    number: decision.number ?? null,
    e164: e164 === undefined ? null : `+${e164}`,
    address: decision.address ?? null,
    score: decision.score,
    reasons: decision.reasons,
  });
}

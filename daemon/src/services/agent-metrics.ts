// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { MetricFamily } from '@sentrypeer/api';
import type { AgentCounters } from './agent-counters.ts';
import { exceededSamples } from './sip-counters.ts';

/** What the SIP agent did, for Prometheus. */
export function agentMetrics(counters: AgentCounters): readonly MetricFamily[] {
  const { messages, decisions, strangers, dropped, repliesWithheld, connections } = counters;
  return [
    {
      name: 'sentrypeer_agent_messages_total',
      help: 'Messages that peers sent to the SIP agent, by what they were.',
      type: 'counter',
      samples: Object.entries(messages).map(([what, value]) => ({ labels: { what }, value })),
    },
    {
      name: 'sentrypeer_agent_decisions_total',
      help: 'Calls and registrations that the SIP agent decided, by what became of them.',
      type: 'counter',
      samples: Object.entries(decisions).flatMap(([kind, outcomes]) =>
        Object.entries(outcomes).map(([outcome, value]) => ({ labels: { kind, outcome }, value })),
      ),
    },
    {
      name: 'sentrypeer_agent_strangers_total',
      help: 'Datagrams and connections of those who may not ask the SIP agent.',
      type: 'counter',
      samples: [{ value: strangers }],
    },
    {
      name: 'sentrypeer_agent_dropped_total',
      help: 'Datagrams to the SIP agent that the kernel dropped, because more came than could be answered in time.',
      type: 'counter',
      samples: [{ value: dropped }],
    },
    {
      name: 'sentrypeer_agent_replies_withheld_total',
      help: 'Answers of the SIP agent that were not sent, because their source was no place for one.',
      type: 'counter',
      samples: [{ value: repliesWithheld }],
    },
    {
      name: 'sentrypeer_agent_connections',
      help: 'TCP and TLS connections of peers that are open.',
      type: 'gauge',
      samples: [{ value: connections }],
    },
    {
      name: 'sentrypeer_agent_connections_exceeded_total',
      help: 'TCP and TLS connections of peers closed because a limit was exceeded.',
      type: 'counter',
      samples: exceededSamples(counters.connectionsExceeded),
    },
  ];
}

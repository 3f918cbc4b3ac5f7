// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Answer, AgentDecision, Outcome } from '@sentrypeer/redirect';
import type { SipCounters } from './sip-counters.ts';

/** What the SIP agent has done since it was opened. */
export interface AgentCounters {
  /** Messages of peers, by kind. */
  readonly messages: Readonly<Record<Answer['what'], number>>;
  /** Calls and registrations, by outcome. */
  readonly decisions: Readonly<Record<AgentDecision['kind'], Readonly<Record<Outcome, number>>>>;
  /** Datagrams and connections of those who may not ask, which got no answer. */
  readonly strangers: number;
  /** Datagrams that came faster than they could be answered. */
  readonly dropped: number;
  /** Answers that were not sent over UDP because their source must not be answered. */
  readonly repliesWithheld: number;
  /** TCP and TLS connections open now. */
  readonly connections: number;
  /** Connections that were one too many, by limit. */
  readonly connectionsExceeded: SipCounters['connectionsExceeded'];
}

type Counts<T> = { -readonly [Key in keyof T]: T[Key] };

const NO_OUTCOMES = { refused: 0, redirected: 0, passed: 0, failed: 0 };

/** Counts the agent's answers. */
export class AgentCounter {
  strangersCount = 0;
  droppedCount = 0;
  repliesWithheldCount = 0;
  readonly #messages: Counts<AgentCounters['messages']> = {
    decision: 0,
    'keep-alive': 0,
    cancel: 0,
    refusal: 0,
    ack: 0,
    nothing: 0,
  };
  readonly #decisions: Record<AgentDecision['kind'], Counts<Record<Outcome, number>>> = {
    call: { ...NO_OUTCOMES },
    registration: { ...NO_OUTCOMES },
  };

  add({ what, decision }: Answer): void {
    this.#messages[what] += 1;
    if (decision !== undefined) this.#decisions[decision.kind][decision.outcome] += 1;
  }

  /** @param streams Connections open now, and those that were one too many. */
  counters(streams: Pick<AgentCounters, 'connections' | 'connectionsExceeded'>): AgentCounters {
    return {
      messages: { ...this.#messages },
      decisions: {
        call: { ...this.#decisions.call },
        registration: { ...this.#decisions.registration },
      },
      strangers: this.strangersCount,
      dropped: this.droppedCount,
      repliesWithheld: this.repliesWithheldCount,
      ...streams,
    };
  }
}

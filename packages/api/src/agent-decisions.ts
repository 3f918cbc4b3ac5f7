// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The SIP agent's decision on one call or registration. */
export interface AgentDecision {
  /** In the order in which they were made since the start, 1 and above. */
  readonly id: number;
  /** Wall-clock microseconds. */
  readonly epochUs: number;
  readonly kind: 'call' | 'registration';
  readonly outcome: 'refused' | 'redirected' | 'passed' | 'failed';
  /** Of the answer. */
  readonly status: number;
  readonly level: 'none' | 'watch' | 'listed' | 'unread';
  /** Who asked. */
  readonly peer: string;
  readonly transport: string;
  readonly callId: string;
  readonly account: string | undefined;
  /** As it was dialled. */
  readonly number: string | undefined;
  /** Without its plus. */
  readonly e164: string | undefined;
  readonly address: string | undefined;
  /** 0 to 100. */
  readonly score: number;
  readonly reasons: readonly string[];
}

/** The SIP agent's latest decisions. */
export interface AgentDecisions {
  /** 0 before the first. */
  readonly newestId: number;
  /** Decisions after an id that are still kept, oldest first; an id above the newest counts as before all of them. */
  after(afterId: number, limit: number): readonly AgentDecision[];
}

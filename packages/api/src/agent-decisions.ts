// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** What the SIP agent decided of one call or registration. */
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

/** The last decisions of the SIP agent. */
export interface AgentDecisions {
  /** 0 before the first. */
  readonly newestId: number;
  /** Those after an id that are still kept, oldest first; an id beyond the newest is before all. */
  after(afterId: number, limit: number): readonly AgentDecision[];
}

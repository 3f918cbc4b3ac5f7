// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** What an operator decided, at this hub or at another one. */
export interface FleetDecision {
  readonly kind: 'allow' | 'disallow' | 'block' | 'unblock' | 'delist';
  /** What `value` is; `undefined` for what is allowed, which may be any of them. */
  readonly subject: 'address' | 'number' | 'range' | undefined;
  readonly value: string;
  readonly comment: string;
  /** Wall-clock microseconds; `undefined` holds always. */
  readonly untilEpochUs: number | undefined;
}

/** One of this hub that the fleet does not have yet. */
export interface WaitingDecision extends FleetDecision {
  readonly id: number;
  readonly uuid: string;
}

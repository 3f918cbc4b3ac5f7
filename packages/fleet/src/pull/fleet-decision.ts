// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** An operator's decision, at this hub or another one. */
export interface FleetDecision {
  readonly kind: 'allow' | 'disallow' | 'block' | 'unblock' | 'delist';
  /** The kind of `value`; `undefined` for an allowance, which may be of any kind. */
  readonly subject: 'address' | 'number' | 'range' | undefined;
  readonly value: string;
  readonly comment: string;
  /** Wall-clock microseconds; `undefined` means for ever. */
  readonly untilEpochUs: number | undefined;
}

/** A decision of this hub that the fleet does not have yet. */
export interface WaitingDecision extends FleetDecision {
  readonly id: number;
  readonly uuid: string;
}

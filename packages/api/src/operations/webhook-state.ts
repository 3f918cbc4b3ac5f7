// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** An endpoint that events are posted to. Counts are since it was first configured. */
export interface WebhookState {
  readonly name: string;
  /** Events recorded that it has not taken yet. */
  readonly lag: number;
  /** Requests made, including failed ones. */
  readonly requests: number;
  /** Events that it took. */
  readonly accepted: number;
  /** Events that it refused for good. */
  readonly refused: number;
  /** Events that retention removed before it took them. */
  readonly expired: number;
  /** Attempts that failed and were repeated. */
  readonly failures: number;
  /** Refused events that are kept for it. */
  readonly deadLetters: number;
  /** Wall-clock microseconds, `undefined` before the first. */
  readonly acceptedEpochUs: number | undefined;
  /** Wall-clock microseconds, `undefined` if nothing failed. */
  readonly nextTryEpochUs: number | undefined;
  /** The newest failure or refusal. */
  readonly error:
    | { readonly code: string; readonly message: string; readonly epochUs: number }
    | undefined;
}

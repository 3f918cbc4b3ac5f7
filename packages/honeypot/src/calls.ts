// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { BoundedTable } from './bounded-table.ts';
import {
  CALL_LIFETIME_MS,
  CALLS_MAX,
  KEY_PART_CHARACTERS_MAX,
  REPETITIONS_MAX,
  T1_MS,
} from './limits.ts';
import type { DelayedReply, Received } from './received.ts';
import type { Request } from './request.ts';
import type { KeptAnswer } from './retransmissions.ts';

/** The server transaction of one INVITE, RFC 3261 §17.2.1, and how its call goes on. */
interface Call<Path> {
  readonly cseqNumber: string;
  readonly branch: string | undefined;
  readonly input: Pick<Received<Path>, 'path' | 'sourceIp' | 'sourcePort'>;
  /** The answer to a retransmitted INVITE; follows the call. */
  readonly kept: KeptAnswer;
  /** While it rings: the answer to come, and the one to a CANCEL. */
  readonly answered: Uint8Array | undefined;
  readonly cancelled: Uint8Array | undefined;
  ringing: boolean;
  /** Monotonic time at which the next answer is due. */
  dueAtMs: number | undefined;
  /** Answer that is repeated until the ACK, how many more times, and after what interval. */
  repeated: Uint8Array | undefined;
  repetitionsLeft: number;
  intervalMs: number;
}

/** The effect of a CANCEL: the INVITE is unknown, it was answered already, or it gets this answer now. */
export type Cancellation =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'late' }
  | { readonly kind: 'cancelled'; readonly octets: Uint8Array };

/**
 * INVITE transactions of a thread. A source that has not proved itself is sent nothing unprompted; to a proved one, an
 * unacknowledged final answer is repeated three times at most.
 */
export class Calls<Path> {
  readonly #table = new BoundedTable<Call<Path>>({
    entriesMax: CALLS_MAX,
    lifetimeMs: CALL_LIFETIME_MS,
  });
  #nextDueMs: number | undefined;

  /** Monotonic time of the next delayed reply; may be too early if that call has ended meanwhile. */
  get nextDueMs(): number | undefined {
    return this.#nextDueMs;
  }

  /** Records an INVITE that has its final answer. `repeated` is sent again until the ACK comes. */
  settled(request: Request<Path>, kept: KeptAnswer, repeated: Uint8Array | undefined): void {
    const call = newCall(request, kept, undefined, undefined);
    if (repeated !== undefined) this.#repeat(call, repeated, request.nowMs);
    this.#table.set(keyOf(request), call, request.proved, request.nowMs);
  }

  /** Records an INVITE that rings until `dueAtMs`. */
  ringing(
    request: Request<Path>,
    kept: KeptAnswer,
    answers: { readonly answered: Uint8Array; readonly cancelled: Uint8Array },
    dueAtMs: number,
  ): void {
    const call = newCall(request, kept, answers.answered, answers.cancelled);
    call.ringing = true;
    this.#schedule(call, dueAtMs);
    this.#table.set(keyOf(request), call, request.proved, request.nowMs);
  }

  /**
   * RFC 3261 §17.2.1: the ACK ends the repetitions. The ACK to a 2xx has a new branch, so the branch is not compared.
   */
  acknowledge(request: Request<Path>): void {
    const call = this.#find(request);
    if (call !== undefined && !call.ringing) stop(call);
  }

  /** RFC 3261 §9.2: the INVITE of the same branch, if it had no final answer, ends with 487. */
  cancel(request: Request<Path>): Cancellation {
    const call = this.#find(request);
    if (call === undefined || call.branch !== branchOf(request)) return { kind: 'unknown' };
    if (!call.ringing || call.cancelled === undefined) return { kind: 'late' };
    call.ringing = false;
    call.kept.octets = call.cancelled;
    stop(call);
    if (request.input.transport === 'UDP') this.#repeat(call, call.cancelled, request.nowMs);
    return { kind: 'cancelled', octets: call.cancelled };
  }

  /** The caller hangs up: nothing is repeated any more. */
  hangUp(request: Request<Path>): void {
    const call = this.#table.get(keyOf(request), request.nowMs);
    if (call === undefined) return;
    stop(call);
    this.#table.delete(keyOf(request));
  }

  /** The answers that are due; looks at each call, of which there are few. */
  takeDue(nowMs: number): readonly DelayedReply<Path>[] {
    if (this.#nextDueMs === undefined || this.#nextDueMs > nowMs) return [];
    this.#nextDueMs = undefined;
    const replies: DelayedReply<Path>[] = [];
    for (const call of this.#table.values()) {
      if (call.dueAtMs === undefined) continue;
      if (call.dueAtMs > nowMs) {
        this.#schedule(call, call.dueAtMs);
        continue;
      }
      const octets = this.#advance(call, nowMs);
      if (octets !== undefined) replies.push({ ...call.input, octets });
    }
    return replies;
  }

  #advance(call: Call<Path>, nowMs: number): Uint8Array | undefined {
    call.dueAtMs = undefined;
    if (call.ringing) {
      call.ringing = false;
      call.kept.octets = call.answered;
      if (call.answered !== undefined) this.#repeat(call, call.answered, nowMs);
      return call.answered;
    }
    if (call.repetitionsLeft === 0) return undefined;
    call.repetitionsLeft -= 1;
    call.intervalMs *= 2; // RFC 3261 §17.2.1, Timer G.
    if (call.repetitionsLeft > 0) this.#schedule(call, nowMs + call.intervalMs);
    return call.repeated;
  }

  #repeat(call: Call<Path>, octets: Uint8Array, nowMs: number): void {
    call.repeated = octets;
    call.repetitionsLeft = REPETITIONS_MAX;
    call.intervalMs = T1_MS;
    this.#schedule(call, nowMs + T1_MS);
  }

  #schedule(call: Call<Path>, dueAtMs: number): void {
    call.dueAtMs = dueAtMs;
    if (this.#nextDueMs === undefined || dueAtMs < this.#nextDueMs) this.#nextDueMs = dueAtMs;
  }

  #find(request: Request<Path>): Call<Path> | undefined {
    const call = this.#table.get(keyOf(request), request.nowMs);
    return call?.cseqNumber === request.message.cseq?.number ? call : undefined;
  }
}

function newCall<Path>(
  request: Request<Path>,
  kept: KeptAnswer,
  answered: Uint8Array | undefined,
  cancelled: Uint8Array | undefined,
): Call<Path> {
  const { path, sourceIp, sourcePort } = request.input;
  return {
    cseqNumber: request.message.cseq?.number ?? '',
    branch: branchOf(request),
    input: { path, sourceIp, sourcePort },
    kept,
    answered,
    cancelled,
    ringing: false,
    dueAtMs: undefined,
    repeated: undefined,
    repetitionsLeft: 0,
    intervalMs: T1_MS,
  };
}

function stop<Path>(call: Call<Path>): void {
  call.dueAtMs = undefined;
  call.repetitionsLeft = 0;
}

function branchOf(request: Request<unknown>): string | undefined {
  return request.message.vias[0]?.branch?.slice(0, KEY_PART_CHARACTERS_MAX);
}

/** Without branch and CSeq number: the ACK to a 200 has a new branch, and BYE a higher number. */
function keyOf(request: Request<unknown>): string {
  const callId = request.callId.slice(0, KEY_PART_CHARACTERS_MAX);
  const fromTag = request.fromTag.slice(0, KEY_PART_CHARACTERS_MAX);
  return `${request.input.transport} ${request.sourceIp}\n${fromTag}\n${callId}`;
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { copyToKeep } from '@sentrypeer/bytes';
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

/** What is sent next without a request. */
interface Due {
  readonly octets: Uint8Array;
  /** Monotonic time. */
  readonly atMs: number;
  /** How many more times it is sent after that, and first after what interval. */
  readonly repetitionsLeft: number;
  readonly intervalMs: number;
}

/** The server transaction of one INVITE, RFC 3261 §17.2.1, and how its call goes on. */
interface Call<Path> {
  readonly cseqNumber: string;
  readonly branch: string | undefined;
  readonly input: Pick<Received<Path>, 'path' | 'sourceIp' | 'sourcePort'>;
  /** The answer to a retransmitted INVITE; follows the call. */
  readonly kept: KeptAnswer;
  /** While it rings: the answer to the INVITE if a CANCEL comes. */
  cancelled: Uint8Array | undefined;
  /** The answer to come while it rings; then the one that is repeated until the ACK. */
  due: Due | undefined;
}

/** The effect of a CANCEL on an INVITE that is known. */
export interface Cancellation {
  /** The answer that the INVITE gets now, unless it was answered already. */
  readonly octets: Uint8Array | undefined;
}

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
    const call = newCall(request, kept, undefined);
    if (repeated !== undefined) this.#schedule(call, repetitionOf(repeated, request.nowMs));
    this.#table.set(keyOf(request), call, request.proved, request.nowMs);
  }

  /** Records an INVITE that rings until `dueAtMs`. */
  ringing(
    request: Request<Path>,
    kept: KeptAnswer,
    answers: { readonly answered: Uint8Array; readonly cancelled: Uint8Array },
    dueAtMs: number,
  ): void {
    const call = newCall(request, kept, copyToKeep(answers.cancelled));
    this.#schedule(call, {
      octets: copyToKeep(answers.answered),
      atMs: dueAtMs,
      repetitionsLeft: REPETITIONS_MAX,
      intervalMs: T1_MS,
    });
    this.#table.set(keyOf(request), call, request.proved, request.nowMs);
  }

  /**
   * RFC 3261 §17.2.1: the ACK ends the repetitions. The ACK to a 2xx has a new branch, so the branch is not compared.
   */
  acknowledge(request: Request<Path>): void {
    const call = this.#find(request);
    if (call !== undefined && call.cancelled === undefined) call.due = undefined;
  }

  /**
   * RFC 3261 §9.2: the INVITE of the same branch, if it had no final answer, ends with 487. `undefined` if there is no
   * such INVITE.
   */
  cancel(request: Request<Path>): Cancellation | undefined {
    const call = this.#find(request);
    if (call === undefined || call.branch !== branchOf(request)) return undefined;
    const octets = call.cancelled;
    if (octets !== undefined) {
      call.cancelled = undefined;
      call.kept.octets = octets;
      call.due = undefined;
      if (request.input.transport === 'UDP') {
        this.#schedule(call, repetitionOf(octets, request.nowMs));
      }
    }
    return { octets };
  }

  /** The caller hangs up: nothing is repeated any more. */
  hangUp(request: Request<Path>): void {
    this.#table.delete(keyOf(request));
  }

  /** The answers that are due; looks at each call, of which there are few. */
  takeDue(nowMs: number): readonly DelayedReply<Path>[] {
    if (this.#nextDueMs === undefined || this.#nextDueMs > nowMs) return [];
    this.#nextDueMs = undefined;
    const replies: DelayedReply<Path>[] = [];
    for (const call of this.#table.values()) {
      const { due } = call;
      if (due === undefined) continue;
      if (due.atMs > nowMs) {
        this.#schedule(call, due);
        continue;
      }
      this.#advance(call, due, nowMs);
      replies.push({ ...call.input, octets: due.octets });
    }
    return replies;
  }

  /** The call after what was due is sent. */
  #advance(call: Call<Path>, due: Due, nowMs: number): void {
    const { octets, repetitionsLeft, intervalMs } = due;
    call.cancelled = undefined;
    call.kept.octets = octets;
    call.due = undefined;
    if (repetitionsLeft === 0) return;
    this.#schedule(call, {
      octets,
      atMs: nowMs + intervalMs,
      repetitionsLeft: repetitionsLeft - 1,
      intervalMs: intervalMs * 2, // RFC 3261 §17.2.1, Timer G.
    });
  }

  #schedule(call: Call<Path>, due: Due): void {
    call.due = due;
    this.#nextDueMs = Math.min(this.#nextDueMs ?? Infinity, due.atMs);
  }

  #find(request: Request<Path>): Call<Path> | undefined {
    const call = this.#table.get(keyOf(request), request.nowMs);
    return call?.cseqNumber === request.message.cseq?.number ? call : undefined;
  }
}

function newCall<Path>(
  request: Request<Path>,
  kept: KeptAnswer,
  cancelled: Uint8Array | undefined,
): Call<Path> {
  const { path, sourceIp, sourcePort } = request.input;
  return {
    cseqNumber: request.message.cseq?.number ?? '',
    branch: branchOf(request),
    input: { path, sourceIp, sourcePort },
    kept,
    cancelled,
    due: undefined,
  };
}

/** A final answer that was just sent. */
function repetitionOf(octets: Uint8Array, nowMs: number): Due {
  return {
    octets,
    atMs: nowMs + T1_MS,
    repetitionsLeft: REPETITIONS_MAX - 1,
    intervalMs: 2 * T1_MS,
  };
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

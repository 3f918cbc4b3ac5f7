// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import type { Clock } from '@sentrypeer/kernel';
import type { Admission } from './admission.ts';
import type { Counters } from './counters.ts';
import {
  DATAGRAM_OCTETS_MAX,
  PACE_MS,
  PACED_DATAGRAMS_COUNT,
  PACED_OCTETS_MAX,
} from '../limits.ts';
import { UNPROVED_DATAGRAM_OCTETS_MAX } from './limits.ts';
import type { Timers } from './timers.ts';

export type SendDatagram = (octets: Uint8Array, to: Endpoint) => void;

interface Waiting {
  readonly octets: Uint8Array;
  readonly to: Endpoint;
}

/**
 * Sends all datagrams. Headers go at once; parts go in bursts, because receivers of 2.4.12 have small buffers and lose
 * a whole message with one part (PROTOCOL 20.3). The order of parts is kept.
 *
 * All datagrams pass through here, so this is where amplification is prevented: an address that has not shown that it
 * receives our datagrams gets single small datagrams, within its budget.
 */
export class Outbox {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #counters: Counters;
  readonly #admission: Admission;
  readonly #send: SendDatagram;
  #waiting: Waiting[] = [];
  #waitingOctets = 0;
  /** Datagrams that may still be sent in this burst. */
  #leftCount = PACED_DATAGRAMS_COUNT;
  #burstAtMs = -Infinity;
  #armed = false;

  constructor(
    clock: Clock,
    timers: Timers,
    counters: Counters,
    admission: Admission,
    send: SendDatagram,
  ) {
    this.#clock = clock;
    this.#timers = timers;
    this.#counters = counters;
    this.#admission = admission;
    this.#send = send;
  }

  /** Sends one message: its header and then its parts, each within a datagram's size. */
  transmit(datagrams: readonly Uint8Array[], to: Endpoint): void {
    const [header, ...parts] = datagrams;
    if (header === undefined || header.length > DATAGRAM_OCTETS_MAX) return;
    if (!this.#mayLeave(header, parts.length, to)) {
      this.#counters.unprovedWithheld += 1;
      return;
    }
    this.#deliver(header, to);
    for (const octets of parts) this.#pace({ octets, to });
  }

  #mayLeave({ length }: Uint8Array, partsCount: number, to: Endpoint): boolean {
    const nowMs = this.#clock.nowMs();
    if (this.#admission.isProved(to, nowMs)) return true;
    if (partsCount > 0 || length > UNPROVED_DATAGRAM_OCTETS_MAX) return false;
    return this.#admission.hasAnswered(to, nowMs) || this.#admission.spend(to, length, nowMs);
  }

  #pace(datagram: Waiting): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#burstAtMs + PACE_MS && this.#waiting.length === 0) {
      this.#burstAtMs = nowMs;
      this.#leftCount = PACED_DATAGRAMS_COUNT;
    }
    if (this.#leftCount > 0 && this.#waiting.length === 0) {
      this.#leftCount -= 1;
      this.#deliver(datagram.octets, datagram.to);
      return;
    }
    if (this.#waitingOctets + datagram.octets.length > PACED_OCTETS_MAX) {
      this.#counters.pacedDropped += 1;
      return;
    }
    this.#waiting.push(datagram);
    this.#waitingOctets += datagram.octets.length;
    this.#arm();
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#timers.arm(this.#clock.nowMs() + PACE_MS, () => {
      this.#armed = false;
      this.#burst();
    });
  }

  #burst(): void {
    const burst = this.#waiting.slice(0, PACED_DATAGRAMS_COUNT);
    this.#waiting = this.#waiting.slice(PACED_DATAGRAMS_COUNT);
    this.#burstAtMs = this.#clock.nowMs();
    this.#leftCount = PACED_DATAGRAMS_COUNT - burst.length;
    for (const { octets, to } of burst) {
      this.#waitingOctets -= octets.length;
      this.#deliver(octets, to);
    }
    if (this.#waiting.length > 0) this.#arm();
  }

  #deliver(octets: Uint8Array, to: Endpoint): void {
    this.#counters.datagramsSent += 1;
    this.#counters.octetsSent += octets.length;
    this.#send(octets, to);
  }
}

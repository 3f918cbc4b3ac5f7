// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { familyOf, type Endpoint, type Family } from '@sentrypeer/ip';
import { isMartianEndpoint } from '../address.ts';
import type { Admission } from './admission.ts';
import type { Core } from './core.ts';
import { SESSION_IDLE_MS_MAX } from '../limits.ts';
import type { Overlay } from '../routing/overlay.ts';
import { Reassembly, type Assembled } from './reassembly.ts';
import type { RemoteNode } from '../routing/remote-node.ts';
import type { ReportedAddresses } from '../routing/reported-addresses.ts';
import type { Server } from '../serving/server.ts';
import type { Value } from '../values/value.ts';
import { decodeMessage } from '../wire/decode-message.ts';
import type {
  ErrorMessage,
  PartMessage,
  QueryMessage,
  ReplyMessage,
  ValueSlot,
} from '../wire/message.ts';

export interface ReceiverPorts {
  readonly core: Core;
  readonly admission: Admission;
  readonly server: Server;
  readonly reported: ReportedAddresses;
  readonly overlayOf: (family: Family) => Overlay | undefined;
}

/**
 * Receives datagrams: checks them, assembles parts, and hands messages to their recipients. No datagram makes it throw.
 */
export class Receiver {
  readonly #ports: ReceiverPorts;
  readonly #reassembly = new Reassembly();
  #expiring = false;

  constructor(ports: ReceiverPorts) {
    this.#ports = ports;
  }

  receive(octets: Uint8Array, source: Endpoint): void {
    const { core, admission } = this.#ports;
    const { counters } = core;
    counters.datagramsReceived += 1;
    counters.octetsReceived += octets.length;
    const overlay = this.#ports.overlayOf(familyOf(source.address));
    if (overlay === undefined || isMartianEndpoint(source) || admission.isBlacklisted(source)) {
      counters.badSource += 1;
      return;
    }
    const decoded = decodeMessage(octets);
    if (!decoded.ok) {
      counters.refused += 1;
      return;
    }
    const { message } = decoded;
    if (message.network !== core.envelope.network) {
      counters.otherNetwork += 1;
      return;
    }
    if (message.kind === 'part') this.#parts(message, source);
    else if (message.args.id === core.id) counters.refused += 1;
    else if (message.kind === 'query') this.#query(overlay, message, source, octets.length);
    else if (message.kind === 'legacy-update') counters.repliesUnmatched += 1; // We never listen in that way.
    else this.#answer(overlay, message, source);
  }

  #query(overlay: Overlay, message: QueryMessage, source: Endpoint, octets: number): void {
    const { core, admission } = this.#ports;
    const nowMs = core.clock.nowMs();
    if (!admission.allows(source, nowMs)) {
      core.counters.rateLimited += 1;
      return;
    }
    const { id } = message.args;
    const proved = admission.isProved(source, nowMs);
    const sender = { client: message.client, proved };
    const { node, foreign, isNews } = overlay.cache.heard(id, source, sender, nowMs);
    // A source that has not shown that it receives our datagrams is not added to any table or search; the server pings
    // it first.
    if (proved && foreign) overlay.probe(node, source);
    else if (proved) overlay.seen(node, 'heard', isNews);
    const slots = message.args.slots ?? [];
    if (slots.some((slot) => 'size' in slot)) {
      this.#assembled(this.#reassembly.open(message, source, nowMs));
      this.#expireLater();
      return;
    }
    const values = slots.flatMap((slot) => ('value' in slot ? [slot.value] : []));
    this.#deliver(message, node, source, values);
    this.#ports.server.answer(message, node, source, values, octets);
  }

  /** A push goes to the subscription that it names, if it comes from the known address of the storing node. */
  #deliver(
    message: QueryMessage,
    node: RemoteNode,
    source: Endpoint,
    values: readonly Value[],
  ): void {
    const { socketId } = message.args;
    if (message.name !== 'update' || socketId === undefined) return;
    const { address, port } = node.endpoint;
    if (address !== source.address || port !== source.port) return;
    node.sockets.get(socketId)?.({ ...message.args, slots: slotsOf(values) });
  }

  #answer(overlay: Overlay, message: ReplyMessage | ErrorMessage, source: Endpoint): void {
    const { core } = this.#ports;
    const node = overlay.cache.get(message.args.id);
    const awaited = node !== undefined && overlay.requests.awaits(node, message.tid, source);
    if (!awaited) {
      if (overlay.bootstrap.answer(message, source)) this.#answered(message, source);
      else core.counters.repliesUnmatched += 1;
      return;
    }
    if (message.kind === 'reply' && message.args.slots?.some((slot) => 'size' in slot) === true) {
      this.#assembled(this.#reassembly.open(message, source, core.clock.nowMs()));
      this.#expireLater();
      return;
    }
    this.#complete(overlay, node, message, source);
  }

  #complete(
    overlay: Overlay,
    node: RemoteNode,
    message: ReplyMessage | ErrorMessage,
    source: Endpoint,
  ): void {
    const isNews = !node.isGood(this.#ports.core.clock.nowMs());
    if (!overlay.requests.answer(node, message, source)) {
      this.#ports.core.counters.repliesUnmatched += 1;
      return;
    }
    if (!node.expired) overlay.seen(node, 'replied', isNews);
    this.#answered(message, source);
  }

  #answered(message: ReplyMessage | ErrorMessage, source: Endpoint): void {
    const { admission, reported, core, server } = this.#ports;
    admission.prove(source, core.clock.nowMs());
    server.release(source);
    if (message.args.seenAddress !== undefined) reported.add(message.args.seenAddress);
  }

  #parts(message: PartMessage, source: Endpoint): void {
    const { core, admission } = this.#ports;
    const nowMs = core.clock.nowMs();
    if (!this.#reassembly.expects(source, message.tid) && !admission.allows(source, nowMs)) {
      core.counters.rateLimited += 1;
      return;
    }
    for (const part of message.parts) {
      const assembled = this.#reassembly.add(part, source, message.tid, nowMs);
      if (assembled === 'dropped') core.counters.partsDropped += 1;
      else this.#assembled(assembled);
    }
    this.#expireLater();
  }

  /** Pushed values are handed on one by one; everything else waits until the message is complete. */
  #assembled(assembled: Assembled | undefined): void {
    if (assembled === undefined) return;
    const { message, source, values, complete } = assembled;
    const overlay = this.#ports.overlayOf(familyOf(source.address));
    const node = overlay?.cache.get(message.args.id);
    if (overlay === undefined || node === undefined) return;
    if (message.kind === 'query') {
      this.#deliver(message, node, source, values);
      if (complete !== undefined) this.#ports.server.answer(message, node, source, complete);
      return;
    }
    if (complete === undefined) return;
    const whole = { ...message, args: { ...message.args, slots: slotsOf(complete) } };
    this.#complete(overlay, node, whole, source);
  }

  #expireLater(): void {
    if (this.#expiring) return;
    const { core } = this.#ports;
    this.#expiring = true;
    core.timers.arm(core.clock.nowMs() + SESSION_IDLE_MS_MAX / 2, () => {
      this.#expiring = false;
      core.counters.sessionsDropped += this.#reassembly.expire(core.clock.nowMs());
      if (this.#reassembly.isBusy) this.#expireLater();
    });
  }
}

function slotsOf(values: readonly Value[]): readonly ValueSlot[] {
  return values.map((value, index) => ({ index, value }));
}

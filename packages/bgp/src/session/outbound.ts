// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  CHUNK_OCTETS,
  CHUNKS_PER_TURN_MAX,
  EXTENDED_MESSAGE_OCTETS_MAX,
  FLUSH_MS,
  MESSAGE_OCTETS_MAX,
  REFRESH_MS_MIN,
  SEND_HOLD_MS_MIN,
} from '../limits.ts';
import type { BgpPorts } from '../ports.ts';
import type { AdjRibOut } from '../rib/adj-rib-out.ts';
import type { NeighbourSettings } from '../settings.ts';
import { afiSafiKey, type AfiSafi } from '../wire/afi-safi.ts';
import { encodeRouteRefresh, RefreshSubtype } from '../wire/route-refresh.ts';
import { UpdatePacker } from '../wire/update-packer.ts';
import { encodeEndOfRib } from '../wire/update-template.ts';
import type { Counts } from './counts.ts';
import type { RouteTemplates } from './route-templates.ts';
import type { Session } from './session.ts';
import { WakeTimer } from './wake-timer.ts';

/** One family of a session. */
export interface OutboundFamily {
  readonly afiSafi: AfiSafi;
  readonly rib: AdjRibOut;
  readonly templates: RouteTemplates;
}

interface FamilyState extends OutboundFamily {
  hasEndOfRib: boolean;
  /** Monotonic milliseconds from which a request for everything may be answered. */
  refreshAtMs: number;
  isRefreshWanted: boolean;
  isRefreshing: boolean;
  /** Everything in the table was sent, except what is held back. */
  isDone: boolean;
}

export interface OutboundPorts {
  readonly ports: BgpPorts;
  readonly settings: NeighbourSettings;
  readonly counts: Counts;
  /** Whether the table is complete, so that End-of-RIB may be sent. */
  isComplete(): boolean;
}

/**
 * Sends the difference between the table and what the neighbour has, as fast as it reads: a chunk is only made when the
 * one before it is gone. A neighbour that reads slowly costs no more than one that reads fast, and gets fewer of the
 * changes that were undone meanwhile.
 */
export class Outbound {
  readonly #ports: OutboundPorts;
  readonly #session: Session;
  readonly #families: readonly FamilyState[];
  readonly #messageOctetsMax: number;
  readonly #hasEnhancedRefresh: boolean;
  readonly #wake: WakeTimer;
  readonly #sendHold: WakeTimer;
  readonly #sendHoldMs: number;
  #sentOctets = 0;
  /** How many of the sent octets the system had taken when the send hold timer was armed. */
  #takenOctets = 0;
  #tokens = 0;
  #tokensAtMs: number;
  #isClosing = false;

  constructor(ports: OutboundPorts, session: Session, families: readonly OutboundFamily[]) {
    const { negotiated } = session;
    this.#ports = ports;
    this.#session = session;
    this.#families = families.map((family) => ({
      ...family,
      hasEndOfRib: false,
      refreshAtMs: 0,
      isRefreshWanted: false,
      isRefreshing: false,
      isDone: false,
    }));
    this.#messageOctetsMax =
      negotiated?.hasExtendedMessages === true ? EXTENDED_MESSAGE_OCTETS_MAX : MESSAGE_OCTETS_MAX;
    this.#hasEnhancedRefresh = negotiated?.hasEnhancedRefresh ?? false;
    this.#sendHoldMs = Math.max(SEND_HOLD_MS_MIN, 2 * (negotiated?.holdMs ?? 0));
    this.#wake = new WakeTimer(ports.ports, () => this.pump());
    this.#sendHold = new WakeTimer(ports.ports, () => this.#onSendHold());
    this.#tokensAtMs = ports.ports.clock.nowMs();
    this.#tokens = this.#burst;
  }

  /** Whether the neighbour has everything, and was told so. */
  get isInSync(): boolean {
    return this.#families.every(({ isDone, hasEndOfRib }) => isDone && hasEndOfRib);
  }

  /** The table changed: the difference goes out soon. */
  notify(): void {
    for (const family of this.#families) family.isDone = false;
    if (this.#wake.dueAtMs === undefined) this.#wake.arm(FLUSH_MS);
  }

  /** The neighbour asks for everything of a family (RFC 2918). Requests in quick succession are answered once. */
  refresh(key: number): void {
    const family = this.#families.find(({ afiSafi }) => afiSafiKey(afiSafi) === key);
    if (family === undefined) return;
    family.isRefreshWanted = true;
    family.isDone = false;
    this.#wakeWithin(family.refreshAtMs - this.#ports.ports.clock.nowMs());
  }

  /** Sends as much as the neighbour takes at present. */
  pump(): void {
    if (this.#session.state !== 'Established') return;
    for (let chunk = 0; chunk < CHUNKS_PER_TURN_MAX; chunk += 1) {
      const { unsentOctets } = this.#session;
      if (unsentOctets > 0 && this.#sendHold.dueAtMs === undefined) this.#watchSending();
      // `onDrain()` continues.
      if (unsentOctets > this.#ports.settings.outputOctetsMax - CHUNK_OCTETS) return;
      if (!this.#isClosing) this.#beginRefreshes();
      const wasFull = this.#sendChunk();
      if (!wasFull) return;
    }
    this.#wakeWithin(0);
  }

  onDrain(): void {
    this.#sendHold.disarm();
    this.pump();
  }

  /** Withdraws everything that the neighbour has, regardless of the rate. @returns Whether all of it is on its way. */
  withdrawAll(): boolean {
    this.#isClosing = true;
    this.#tokens = Infinity;
    this.pump();
    return this.#families.every(({ rib }) => rib.count === 0);
  }

  close(): void {
    this.#wake.disarm();
    this.#sendHold.disarm();
  }

  /** Packs up to `CHUNK_OCTETS`. @returns Whether more can be sent at once. */
  #sendChunk(): boolean {
    const packer = new UpdatePacker(CHUNK_OCTETS, this.#messageOctetsMax);
    this.#gainTokens();
    const isWithdrawn = this.#families.map((family) =>
      this.#isClosing
        ? family.rib.withdrawAll(this.#taker(packer, family, 'withdrawal'))
        : family.rib.withdraw(this.#taker(packer, family, 'withdrawal')),
    );
    const isDone = this.#families.map(
      (family, index) =>
        isWithdrawn[index] === true &&
        (this.#isClosing || family.rib.announce(this.#taker(packer, family, 'announcement'))),
    );
    const octets = packer.finish();
    if (octets.length > 0) {
      this.#ports.counts.sentUpdates += packer.messagesCount;
      this.#send(octets, packer.messagesCount);
    }
    for (const [index, family] of this.#families.entries())
      if (isDone[index] === true) this.#finishFamily(family);
    if (!isDone.includes(false)) return false;
    if (this.#tokens >= 1) return true;
    this.#wakeWithin(1000 / this.#ports.settings.prefixesPerSecond + FLUSH_MS);
    return false;
  }

  #taker(
    packer: UpdatePacker,
    { templates }: FamilyState,
    kind: 'announcement' | 'withdrawal',
  ): (slot: number) => boolean {
    const { nlriOctetsMax, writeNlri } = templates;
    const template = templates[kind];
    let slot = 0;
    const write = (target: Uint8Array, at: number): number => writeNlri(slot, target, at);
    return (taken) => {
      if (this.#tokens < 1) return false;
      slot = taken;
      if (!packer.add(template, nlriOctetsMax, write)) return false;
      this.#tokens -= 1;
      return true;
    };
  }

  #finishFamily(family: FamilyState): void {
    if (this.#isClosing) return;
    family.isDone = !family.isRefreshWanted;
    if (family.isRefreshing) {
      family.isRefreshing = false;
      if (this.#hasEnhancedRefresh)
        this.#send(encodeRouteRefresh(family.afiSafi, RefreshSubtype.end), 1);
    }
    if (family.hasEndOfRib || !this.#ports.isComplete()) return;
    family.hasEndOfRib = true;
    this.#send(encodeEndOfRib(family.afiSafi), 1);
    if (family.isRefreshWanted) this.#wakeWithin(0);
  }

  /** "The speaker MUST NOT send a BoRR … before … End-of-RIB" (RFC 7313 §4): until then a request waits. */
  #beginRefreshes(): void {
    const nowMs = this.#ports.ports.clock.nowMs();
    for (const family of this.#families) {
      if (!family.isRefreshWanted || family.isRefreshing || !family.hasEndOfRib) continue;
      if (nowMs < family.refreshAtMs) {
        this.#wakeWithin(family.refreshAtMs - nowMs);
        continue;
      }
      family.isRefreshWanted = false;
      family.isRefreshing = true;
      family.refreshAtMs = nowMs + REFRESH_MS_MIN;
      this.#ports.counts.refreshes += 1;
      if (this.#hasEnhancedRefresh)
        this.#send(encodeRouteRefresh(family.afiSafi, RefreshSubtype.begin), 1);
      family.rib.refresh();
    }
  }

  #send(octets: Uint8Array, messagesCount: number): void {
    this.#session.send(octets, messagesCount);
    this.#sentOctets += octets.length;
  }

  #wakeWithin(waitMs: number): void {
    const { clock } = this.#ports.ports;
    const dueInMs = (this.#wake.dueAtMs ?? Infinity) - clock.nowMs();
    if (waitMs < dueInMs) this.#wake.arm(Math.max(0, waitMs));
  }

  /** What may be sent within the time in which changes are collected; also the initial amount. */
  get #burst(): number {
    return Math.max(1, (this.#ports.settings.prefixesPerSecond * 2 * FLUSH_MS) / 1000);
  }

  #gainTokens(): void {
    const nowMs = this.#ports.ports.clock.nowMs();
    const gained = ((nowMs - this.#tokensAtMs) * this.#ports.settings.prefixesPerSecond) / 1000;
    this.#tokensAtMs = nowMs;
    if (this.#tokens !== Infinity) this.#tokens = Math.min(this.#burst, this.#tokens + gained);
  }

  #watchSending(): void {
    this.#takenOctets = this.#sentOctets - this.#session.unsentOctets;
    this.#sendHold.arm(this.#sendHoldMs);
  }

  /** A neighbour that takes a little is slow; one that takes nothing is stuck. */
  #onSendHold(): void {
    if (this.#sentOctets - this.#session.unsentOctets > this.#takenOctets) this.#watchSending();
    else this.#session.giveUp();
  }
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setTimeout as passed } from 'node:timers/promises';
import type { Prefix } from '@sentrypeer/ip';
import { Outage, type Clock, type Logger } from '@sentrypeer/kernel';
import {
  HeldEntries,
  Listed,
  networkOf,
  prefixOf,
  Spared,
  type Grounds,
  type LeftOut,
  type ListingSink,
  type SparedNetwork,
} from '@sentrypeer/listings';
import { whyNever } from './announceable.ts';
import {
  BATCH_CHANGES_MAX,
  GATHER_MS,
  LEFT_OUT_EXAMPLES_MAX,
  LOOK_MS,
  SPARED_MS,
} from './limits.ts';
import { alarmsOf, type AnnouncerState, type AnnouncerStatus } from './status.ts';

/** What tells the routers: a BGP speaker, or the screen during a trial run. */
export interface Routes {
  add(prefixes: readonly Prefix[]): void;
  remove(prefixes: readonly Prefix[]): void;
  /** From now on, exactly these are announced. */
  replace(prefixes: readonly Prefix[]): void;
}

export interface AnnouncerPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly routes: Routes;
  /** Networks that are never announced, the most important first; read every second while changes come. */
  readonly spared: () => readonly SparedNetwork[];
  /** There is room again for what was left out: start the feed again. */
  readonly restartFeed: () => void;
}

export interface AnnouncerOptions {
  readonly prefixesMax: number;
  /** The most new prefixes within a minute. */
  readonly additionsPerMinuteMax: number;
  /** Milliseconds in which consecutive changes are gathered. @default 50 */
  readonly gatherMs?: number;
}

/**
 * Announces what the feed lists and somebody proved, except what is spared; withdraws each prefix when its time is
 * over.
 */
export class Announcer implements ListingSink {
  readonly #ports: AnnouncerPorts;
  readonly #options: AnnouncerOptions;
  readonly #tooMany: Outage;
  readonly #tooFast: Outage;
  readonly #unproved: Outage;
  readonly #listed: Listed;
  readonly #held: HeldEntries;
  #spared = new Spared([]);
  #state: AnnouncerState = 'starting';
  #hasSnapshot = false;
  /** Keys for which what is wanted and what is announced may differ. */
  #pending = new Set<string>();
  #needsReplacement = false;
  #heldBackCount = 0;
  #changesCount = 0;
  #revision = 0;
  #unprovedCount = 0;
  #sparedAtMs = Number.NEGATIVE_INFINITY;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #wake = Promise.withResolvers<void>();

  constructor(ports: AnnouncerPorts, options: AnnouncerOptions) {
    const { clock, logger } = ports;
    this.#ports = ports;
    this.#options = options;
    this.#listed = new Listed(options.prefixesMax);
    this.#held = new HeldEntries(clock, options.additionsPerMinuteMax);
    this.#tooMany = new Outage(logger, 'error', {
      failed: 'bgp_too_many_prefixes',
      over: 'bgp_prefixes_fit',
    });
    this.#tooFast = new Outage(logger, 'error', {
      failed: 'bgp_too_many_changes',
      over: 'bgp_changes_fit',
    });
    this.#unproved = new Outage(logger, 'error', {
      failed: 'bgp_unproved_listings',
      over: 'bgp_listings_proved',
    });
  }

  /** Whether the feed has delivered a complete snapshot. */
  get hasSnapshot(): boolean {
    return this.#hasSnapshot;
  }

  /** What it spares at present. */
  get spared(): Spared {
    return this.#spared;
  }

  /** Changes whenever the result of `announced()` changes. */
  get revision(): number {
    return this.#revision;
  }

  begin(): void {
    this.#listed.begin();
    this.#unprovedCount = 0;
  }

  entry(value: string, untilEpochMs: number, grounds: Grounds): void {
    if (this.#isProved(grounds)) this.#listed.arrive(value, untilEpochMs, this.#nowEpochMs());
  }

  end(): void {
    this.#listed.end();
    this.#hasSnapshot = true;
    this.#needsReplacement = true;
    this.#wake.resolve();
  }

  change(value: string, untilEpochMs: number | undefined, grounds: Grounds): void {
    const key =
      untilEpochMs === undefined || !this.#isProved(grounds)
        ? this.#listed.remove(value)
        : this.#listed.put(value, untilEpochMs, this.#nowEpochMs());
    if (key === undefined) return;
    this.#pending.add(key);
    this.#wake.resolve();
  }

  /** An operator withdraws everything, until `resume()`. */
  flush(): void {
    this.#state = 'withdrawn';
    this.#held.clear();
    this.#revision += 1;
    this.#ports.routes.replace([]);
    this.#ports.logger.warn('bgp_withdrawn', { why: 'an operator said so' });
  }

  resume(): void {
    if (this.#state !== 'withdrawn') return;
    this.#state = 'starting';
    this.#needsReplacement = this.#hasSnapshot;
    this.#ports.logger.info('bgp_resumed');
    this.#wake.resolve();
  }

  /** Runs until the signal is aborted; what is announced then stays as it is. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#wake.resolve();
    signal.addEventListener('abort', stop);
    while (!signal.aborted) {
      const { promise } = (this.#wake = Promise.withResolvers<void>());
      const isDone = this.#step();
      await passed(this.#options.gatherMs ?? GATHER_MS);
      if (isDone) await this.#until(promise);
    }
    signal.removeEventListener('abort', stop);
  }

  status(): AnnouncerStatus {
    return {
      state: this.#state,
      entries: this.#held.counts(),
      leftOutCount: this.#held.leftOut.size,
      leftOut: [...this.#held.leftOut.values()].slice(0, LEFT_OUT_EXAMPLES_MAX),
      unprovedCount: this.#unprovedCount,
      sparedCount: this.#spared.networks.length,
      alarms: alarmsOf({
        isFull: this.#listed.isFull,
        heldBackCount: this.#heldBackCount,
        unsparedCount: this.#spared.omittedCount,
        unprovedCount: this.#unprovedCount,
        ...this.#options,
      }),
      changes: this.#changesCount,
    };
  }

  /** What is announced, and when each prefix ends unless the feed extends it, in wall-clock milliseconds. */
  announced(): readonly { readonly prefix: string; readonly endEpochMs: number }[] {
    return this.#held
      .elements()
      .map((one) => ({ prefix: networkOf(one), endEpochMs: one.endEpochMs }));
  }

  /** The node's own policy does not list unproved addresses; checked here all the same. */
  #isProved(grounds: Grounds): boolean {
    if (grounds !== 'seen') return true;
    this.#unprovedCount += 1;
    this.#wake.resolve();
    return false;
  }

  /** @returns Whether nothing is left to do at once. */
  #step(): boolean {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs - this.#lookedAtMs >= LOOK_MS) this.#look(nowMs);
    if (this.#needsReplacement || nowMs - this.#sparedAtMs >= SPARED_MS) this.#followSpared(nowMs);
    if (this.#state === 'withdrawn') this.#pending.clear();
    else if (this.#needsReplacement) this.#replace();
    else if (this.#hasSnapshot) this.#change();
    this.#sayLimits();
    return this.#pending.size <= this.#heldBackCount;
  }

  /** What has ended is withdrawn, whether the feed is connected or not. */
  #look(nowMs: number): void {
    this.#lookedAtMs = nowMs;
    const nowEpochMs = this.#nowEpochMs();
    this.#listed.prune(nowEpochMs);
    for (const key of this.#held.endedBy(nowEpochMs)) this.#pending.add(key);
    if (this.#listed.hasRoomAgain) this.#ports.restartFeed();
  }

  #followSpared(nowMs: number): void {
    this.#sparedAtMs = nowMs;
    const before = this.#spared.signature;
    this.#spared = new Spared(this.#ports.spared());
    if (this.#spared.signature === before) return;
    this.#pending = new Set([...this.#listed.entries.keys(), ...this.#held.keys()]);
  }

  async #until(woken: Promise<void>): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LOOK_MS);
    await Promise.race([woken, late]);
    clearTimeout(timer);
  }

  /** Replaces everything after a snapshot; routers see only the difference. */
  #replace(): void {
    const all = this.#held.wanted(this.#listed, this.#reasons(), this.#nowEpochMs());
    this.#needsReplacement = false;
    this.#pending.clear();
    this.#heldBackCount = 0;
    this.#ports.routes.replace(all.wanted.map(prefixOf));
    this.#held.replace(all);
    this.#revision += 1;
    this.#tellLeftOut(all.newlyLeftOut);
    if (this.#state === 'starting') {
      this.#ports.logger.info('bgp_announcing', { prefixes: all.wanted.length });
    }
    this.#state = 'announcing';
  }

  #change(): void {
    if (this.#pending.size === 0) return;
    const difference = this.#held.difference(
      this.#pending,
      { listed: this.#listed, spared: this.#reasons() },
      this.#nowEpochMs(),
      BATCH_CHANGES_MAX,
    );
    const { add, remove, settled, newlyLeftOut, heldBackCount } = difference;
    this.#heldBackCount = heldBackCount;
    for (const key of settled) this.#pending.delete(key);
    this.#tellLeftOut(newlyLeftOut);
    const fresh = add.filter((one) => !this.#held.has(one));
    // Withdrawals go first, so that prefixes about to go never use up a router's limit.
    if (remove.length > 0) this.#ports.routes.remove(remove.map(prefixOf));
    if (fresh.length > 0) this.#ports.routes.add(fresh.map(prefixOf));
    this.#held.carriedOut(difference);
    if (add.length + remove.length > 0) this.#revision += 1;
    this.#changesCount += fresh.length + remove.length;
  }

  #reasons(): Pick<Spared, 'reason'> {
    const spared = this.#spared;
    return { reason: (prefix) => whyNever(prefix) ?? spared.reason(prefix) };
  }

  #tellLeftOut(leftOut: readonly LeftOut[]): void {
    for (const { address, why } of leftOut.slice(0, LEFT_OUT_EXAMPLES_MAX)) {
      this.#ports.logger.warn('bgp_left_out', { address, why });
    }
  }

  #sayLimits(): void {
    const { prefixesMax, additionsPerMinuteMax } = this.#options;
    if (this.#listed.isFull) this.#tooMany.failed({ max: prefixesMax });
    else this.#tooMany.over();
    if (this.#heldBackCount > 0) this.#tooFast.failed({ max: additionsPerMinuteMax });
    else this.#tooFast.over();
    if (this.#unprovedCount > 0) this.#unproved.failed({ count: this.#unprovedCount });
    else this.#unproved.over();
  }

  #nowEpochMs(): number {
    return Math.floor(this.#ports.clock.epochUs() / 1000);
  }
}

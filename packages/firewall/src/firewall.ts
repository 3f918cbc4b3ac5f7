// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Prefix } from '@sentrypeer/ip';
import { Outage } from '@sentrypeer/kernel';
import {
  HeldEntries,
  keyOf,
  Listed,
  retryMs,
  Spared,
  type LeftOut,
  type ListingSink,
} from '@sentrypeer/listings';
import { differenceOf } from './difference.ts';
import {
  BATCH_CHANGES_MAX,
  END_TOLERANCE_MS,
  LEFT_OUT_EXAMPLES_MAX,
  LOOK_MS,
  SPARED_MS,
} from './limits.ts';
import type { FirewallOptions, FirewallPorts } from './options.ts';
import { timedElements } from './ruleset.ts';
import { alarmsOf, type FirewallState, type FirewallStatus } from './status.ts';
import type { Refused } from './table.ts';

/** Keeps the table as the feed says, except for what is spared. Everything happens in one loop, one step at a time. */
export class Firewall implements ListingSink {
  readonly #ports: FirewallPorts;
  readonly #options: FirewallOptions;
  readonly #outage: Outage;
  readonly #tooMany: Outage;
  readonly #tooFast: Outage;
  readonly #listed: Listed;
  readonly #held: HeldEntries;
  #spared = new Spared([]);
  #state: FirewallState = 'starting';
  #why: string | undefined;
  /** Monotonic, so that setting the clock does not move it. */
  #confirmByMs: number | undefined;
  #isConfirmed: boolean;
  #hasSnapshot = false;
  /** Keys for which what is wanted and what the kernel has may differ. */
  #pending = new Set<string>();
  #needsLoad = false;
  #needsRemoval = false;
  #heldBackCount = 0;
  #counts = { changes: 0, failures: 0, repairs: 0 };
  /** Counted by tables that were replaced. */
  #refusedBefore: Refused = { packets: 0, octets: 0 };
  #refused: Refused = { packets: 0, octets: 0 };
  #loadsCount = 0;
  /** The running comparison of the kernel's entries with ours, and what was changed since it started. */
  #comparing: Promise<void> | undefined;
  #touched = new Set<string>();
  #sparedAtMs = Number.NEGATIVE_INFINITY;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #failuresInARow = 0;
  #wake = Promise.withResolvers<void>();

  constructor(ports: FirewallPorts, options: FirewallOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#isConfirmed = options.confirmWithinMs === undefined;
    this.#listed = new Listed(options.entriesMax);
    this.#held = new HeldEntries(ports.clock, options.additionsPerMinuteMax);
    this.#outage = new Outage(ports.logger, 'error', {
      failed: 'firewall_changes_failed',
      over: 'firewall_changes_work',
    });
    this.#tooMany = new Outage(ports.logger, 'error', {
      failed: 'firewall_too_many_entries',
      over: 'firewall_entries_fit',
    });
    this.#tooFast = new Outage(ports.logger, 'error', {
      failed: 'firewall_too_many_changes',
      over: 'firewall_changes_fit',
    });
  }

  /** What it spares at present. */
  get spared(): Spared {
    return this.#spared;
  }

  begin(): void {
    this.#listed.begin();
  }

  entry(value: string, untilEpochMs: number): void {
    this.#listed.arrive(value, untilEpochMs, this.#nowEpochMs());
  }

  end(): void {
    this.#listed.end();
    this.#hasSnapshot = true;
    this.#needsLoad = true;
    this.#wake.resolve();
  }

  change(value: string, untilEpochMs: number | undefined): void {
    const key =
      untilEpochMs === undefined
        ? this.#listed.remove(value)
        : this.#listed.put(value, untilEpochMs, this.#nowEpochMs());
    if (key === undefined) return;
    this.#pending.add(key);
    this.#wake.resolve();
  }

  /** An operator confirms that all is well, or that what was taken out may be put back. */
  confirm(): void {
    this.#isConfirmed = true;
    this.#confirmByMs = undefined;
    this.#why = undefined;
    this.#needsRemoval = false;
    this.#needsLoad = this.#hasSnapshot;
    // What was taken out is in force once it is loaded.
    if (this.#state === 'unconfirmed') this.#state = 'in force';
    else if (this.#state === 'taken out') this.#state = 'starting';
    this.#ports.logger.info('firewall_confirmed');
    this.#wake.resolve();
  }

  /** Takes everything out, until an operator confirms. */
  takeOut(why: string): void {
    this.#state = 'taken out';
    this.#why = why;
    this.#confirmByMs = undefined;
    this.#needsRemoval = true;
    this.#wake.resolve();
  }

  /** Runs until the signal is aborted, then removes the table unless it is to be kept. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#wake.resolve();
    signal.addEventListener('abort', stop);
    while (!signal.aborted) {
      const { promise } = (this.#wake = Promise.withResolvers<void>());
      await this.#step();
      if (!this.#isDue()) await this.#until(promise);
    }
    signal.removeEventListener('abort', stop);
    await this.#comparing;
    if (this.#options.keepsEntries) return;
    await this.#ports.table.remove();
    this.#held.clear();
  }

  status(): FirewallStatus {
    const leftOut = [...this.#held.leftOut].slice(0, LEFT_OUT_EXAMPLES_MAX);
    return {
      state: this.#state,
      ...(this.#why !== undefined && { why: this.#why }),
      ...(this.#confirmByMs !== undefined && { confirmByEpochMs: this.#lastEpochMs() }),
      entries: this.#held.counts(),
      leftOutCount: this.#held.leftOut.size,
      leftOut: leftOut.map(([, { address, why }]) => ({ address, why })),
      sparedCount: this.#spared.networks.length,
      alarms: alarmsOf({
        isFailing: this.#outage.isOn,
        isFull: this.#listed.isFull,
        heldBackCount: this.#heldBackCount,
        unsparedCount: this.#spared.omittedCount,
        ...this.#options,
      }),
      ...this.#counts,
      refusedPackets: this.#refusedBefore.packets + this.#refused.packets,
      refusedOctets: this.#refusedBefore.octets + this.#refused.octets,
    };
  }

  async #step(): Promise<void> {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs < this.#retryAtMs) return;
    try {
      this.#endWhenUnconfirmed();
      await this.#followSpared();
      if (nowMs - this.#lookedAtMs >= LOOK_MS) await this.#look();
      if (this.#needsRemoval) await this.#remove();
      else if (this.#state === 'taken out') this.#pending.clear();
      else if (this.#needsLoad) await this.#load();
      else if (this.#state !== 'starting') await this.#change();
      this.#failuresInARow = 0;
      this.#outage.over();
      this.#sayLimits();
    } catch (error) {
      this.#counts.failures += 1;
      // A change is made whole or not at all, but what is there may not be what we think.
      this.#needsLoad = this.#hasSnapshot;
      this.#retryAtMs = nowMs + retryMs(this.#failuresInARow);
      this.#failuresInARow += 1;
      this.#outage.failed({ why: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Whether something has to be done at once. */
  #isDue(): boolean {
    if (this.#ports.clock.nowMs() < this.#retryAtMs) return false;
    if (this.#needsRemoval) return true;
    if (this.#state === 'taken out') return false;
    if (this.#needsLoad) return true;
    return this.#pending.size > 0 && this.#heldBackCount === 0 && this.#state !== 'starting';
  }

  async #until(woken: Promise<void>): Promise<void> {
    const nowMs = this.#ports.clock.nowMs();
    const confirmMs = (this.#confirmByMs ?? Infinity) - nowMs;
    const lookMs = (nowMs < this.#retryAtMs ? this.#retryAtMs : this.#lookedAtMs + LOOK_MS) - nowMs;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(1, Math.min(confirmMs, lookMs, LOOK_MS)));
    // While changes fail, news is no reason to hurry.
    await (nowMs < this.#retryAtMs ? late : Promise.race([woken, late]));
    clearTimeout(timer);
  }

  #endWhenUnconfirmed(): void {
    if (this.#state !== 'unconfirmed') return;
    if (this.#ports.clock.nowMs() < (this.#confirmByMs ?? Infinity)) return;
    this.takeOut('nobody confirmed it in time: sentrypeer firewall confirm puts it in force again');
    this.#ports.logger.error('firewall_not_confirmed', { why: this.#why });
  }

  /** Looks for what has run out, and whether somebody else changed the table. */
  async #look(): Promise<void> {
    this.#lookedAtMs = this.#ports.clock.nowMs();
    this.#heldBackCount = 0;
    const nowEpochMs = this.#nowEpochMs();
    this.#listed.prune(nowEpochMs);
    this.#held.prune(nowEpochMs - END_TOLERANCE_MS);
    if (this.#listed.hasRoomAgain) this.#ports.restartFeed();
    if (!this.#isInForce()) return;
    const difference = await this.#ports.table.check(this.#held.elements(), nowEpochMs);
    if (difference !== undefined) return this.#repair(difference);
    this.#refused = this.#ports.table.refused();
    if (this.#comparing === undefined && this.#ports.table.isListingDue()) {
      this.#comparing = this.#compare()
        .catch((error: unknown) => this.#outage.failed({ why: String(error) }))
        .finally(() => (this.#comparing = undefined));
    }
  }

  /** Compares all entries, which takes seconds if there are many: outside the loop, so that no change waits for it. */
  async #compare(): Promise<void> {
    const touched = (this.#touched = new Set<string>());
    const loads = this.#loadsCount;
    const listing = await this.#ports.table.list();
    if (listing === undefined || loads !== this.#loadsCount || !this.#isInForce()) return;
    const held = this.#held.elements();
    const difference =
      listing.difference ?? differenceOf(held, listing, touched, this.#nowEpochMs());
    if (difference === undefined) return;
    this.#repair(difference);
    this.#wake.resolve();
  }

  /** A newly spared network is spared from the next change on, within a second. */
  async #followSpared(): Promise<void> {
    if (this.#ports.clock.nowMs() - this.#sparedAtMs < SPARED_MS || !this.#readSpared()) return;
    this.#pending = new Set([...this.#listed.entries.keys(), ...this.#held.keys()]);
    if (this.#isInForce()) await this.#ports.table.spare(this.#sparedPrefixes());
  }

  /** @returns Whether the spared networks have changed. */
  #readSpared(): boolean {
    this.#sparedAtMs = this.#ports.clock.nowMs();
    const before = this.#spared.signature;
    this.#spared = new Spared(this.#ports.spared());
    return this.#spared.signature !== before;
  }

  /** Whether the table is ours, and nothing is about to replace it. */
  #isInForce(): boolean {
    return (this.#state === 'in force' || this.#state === 'unconfirmed') && !this.#needsLoad;
  }

  #repair(difference: string): void {
    this.#counts.repairs += 1;
    this.#needsLoad = true;
    this.#ports.logger.warn('firewall_table_changed_by_others', {
      difference,
      what: 'the whole table is loaded again',
    });
  }

  async #load(): Promise<void> {
    if (!this.#isConfirmed) {
      this.#confirmByMs ??= this.#ports.clock.nowMs() + (this.#options.confirmWithinMs ?? 0);
    }
    this.#readSpared();
    const all = this.#held.wanted(this.#listed, this.#spared, this.#nowEpochMs());
    this.#keepRefused();
    const elements = timedElements(all.wanted, this.#lastEpochMs(), this.#nowEpochMs());
    this.#tellLeftOut(all.newlyLeftOut);
    this.#needsLoad = false;
    this.#loadsCount += 1;
    await this.#ports.table.load(elements, this.#sparedPrefixes());
    this.#held.replace(all);
    this.#counts.changes += elements.length;
    // Changes that came while nft ran are still to be made.
    this.#pending = new Set([...this.#listed.entries.keys(), ...this.#held.keys()]);
    if (this.#state === 'starting') {
      this.#ports.logger.info('firewall_in_force', { entries: elements.length });
    }
    if (this.#needsRemoval) return; // It was taken out meanwhile.
    this.#state = this.#confirmByMs === undefined ? 'in force' : 'unconfirmed';
  }

  async #change(): Promise<void> {
    if (this.#pending.size === 0) return;
    const difference = this.#held.difference(
      this.#pending,
      { listed: this.#listed, spared: this.#spared },
      this.#nowEpochMs(),
      BATCH_CHANGES_MAX,
    );
    this.#tellLeftOut(difference.newlyLeftOut);
    this.#heldBackCount = difference.heldBackCount;
    // Before nft runs: news about them in the meantime is another change.
    for (const key of difference.settled) this.#pending.delete(key);
    const { add, remove } = difference;
    if (add.length + remove.length > 0) {
      const timed = timedElements(add, this.#lastEpochMs(), this.#nowEpochMs());
      for (const one of [...add, ...remove]) this.#touched.add(keyOf(one));
      try {
        await this.#ports.table.change({ add: timed, remove });
      } catch (error) {
        const other = await this.#ports.table.check(this.#held.elements(), this.#nowEpochMs());
        if (other === undefined) throw error;
        return this.#repair(other);
      }
      this.#held.carriedOut(difference);
      this.#counts.changes += add.length + remove.length;
    }
  }

  #tellLeftOut(leftOut: readonly LeftOut[]): void {
    for (const { address, why } of leftOut.slice(0, LEFT_OUT_EXAMPLES_MAX)) {
      this.#ports.logger.warn('firewall_left_out', { address, why });
    }
  }

  async #remove(): Promise<void> {
    this.#keepRefused();
    this.#loadsCount += 1;
    await this.#ports.table.remove();
    this.#held.clear();
    this.#needsRemoval = false;
    this.#needsLoad = false;
  }

  /** A new table starts to count at zero. */
  #keepRefused(): void {
    const { packets, octets } = this.#ports.table.refused();
    this.#refusedBefore = {
      packets: this.#refusedBefore.packets + packets,
      octets: this.#refusedBefore.octets + octets,
    };
    this.#refused = { packets: 0, octets: 0 };
  }

  /** Unconfirmed entries expire in time, whatever happens to this program. */
  #lastEpochMs(): number {
    if (this.#confirmByMs === undefined) return Infinity;
    return Math.floor(this.#nowEpochMs() + this.#confirmByMs - this.#ports.clock.nowMs());
  }

  #sayLimits(): void {
    const { entriesMax, additionsPerMinuteMax } = this.#options;
    if (this.#listed.isFull) this.#tooMany.failed({ max: entriesMax });
    else this.#tooMany.over();
    if (this.#heldBackCount > 0)
      this.#tooFast.failed({ waiting: this.#heldBackCount, perMinuteMax: additionsPerMinuteMax });
    else this.#tooFast.over();
  }

  #sparedPrefixes(): readonly Prefix[] {
    return this.#spared.networks.map(({ prefix }) => prefix);
  }

  #nowEpochMs(): number {
    return Math.floor(this.#ports.clock.epochUs() / 1000);
  }
}

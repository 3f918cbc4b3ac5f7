// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress, zonedAddress, type Endpoint, type Prefix } from '@sentrypeer/ip';
import { openOrClose } from '@sentrypeer/kernel';
import { RESTART_TIME_S_DEFAULT, STRANGERS_LOG_MS, TABLE_PREFIXES_MAX } from './limits.ts';
import { Neighbour } from './neighbour.ts';
import type { CloseOptions, SpeakerOptions } from './options.ts';
import type { BgpPorts, Connection, ConnectionHandler, Listening } from './ports.ts';
import { BitSet } from './rib/bit-set.ts';
import { familyOfPrefix, PrefixTable } from './rib/prefix-table.ts';
import { settingsOf } from './settings.ts';
import type { SpeakerStatus } from './status.ts';

/**
 * A BGP-4 speaker (RFC 4271). It announces one set of prefixes to all its neighbours, each in the form and with the
 * attributes of its options, and keeps them informed as the set changes. It accepts no routes: what neighbours announce
 * is checked for errors, counted and dropped.
 *
 * The set is empty and incomplete at first. Sessions come up all the same, but End-of-RIB is only sent after the first
 * `replace()`, so a neighbour with graceful restart keeps the routes of an earlier run until the set is known.
 */
export class Speaker {
  readonly #ports: BgpPorts;
  readonly #seed = new Uint8Array(8);
  readonly #tables: Readonly<Record<4 | 6, PrefixTable>>;
  readonly #neighbours: ReadonlyMap<string, Neighbour>;
  readonly #byAddress: ReadonlyMap<string, Neighbour>;
  readonly #beganAtMs: number;
  readonly #listening: Listening[] = [];
  #isComplete = false;
  #closing: Promise<void> | undefined;
  #prefixesRefused = 0;
  #strangersCount = 0;
  #strangersLoggedAtMs = -Infinity;

  private constructor(ports: BgpPorts, options: SpeakerOptions) {
    this.#ports = ports;
    this.#beganAtMs = ports.clock.nowMs();
    ports.random.fill(this.#seed);
    const [key4 = 0, key6 = 0] = new Uint32Array(this.#seed.buffer);
    this.#tables = {
      4: new PrefixTable(4, key4, TABLE_PREFIXES_MAX),
      6: new PrefixTable(6, key6, TABLE_PREFIXES_MAX),
    };
    const speaker = {
      ports,
      tables: this.#tables,
      isComplete: () => this.#isComplete,
      isRestarting: ({ restartTimeS = RESTART_TIME_S_DEFAULT }) =>
        ports.clock.nowMs() - this.#beganAtMs < 1000 * restartTimeS,
    };
    const neighbours = settingsOf(options).map((settings) => new Neighbour(speaker, settings));
    this.#neighbours = new Map(neighbours.map((one) => [one.settings.name, one]));
    this.#byAddress = new Map(neighbours.map((one) => [one.settings.address, one]));
  }

  /**
   * Listens, and starts to connect to the neighbours.
   *
   * @throws OperatingError `bgp_options`, and what `ports.listen()` throws, with nothing left open.
   */
  static async open(ports: BgpPorts, options: SpeakerOptions): Promise<Speaker> {
    const speaker = new Speaker(ports, options);
    return openOrClose(speaker, () => speaker.#open(options));
  }

  /** Where it listens. */
  get locals(): readonly Endpoint[] {
    return this.#listening.map(({ local }) => local);
  }

  /** Announces prefixes that are not announced yet. IPv4 prefixes are as `parsePrefix()` reads them. */
  add(prefixes: Iterable<Prefix>): void {
    let refusedCount = 0;
    for (const prefix of prefixes)
      if (this.#tables[familyOfPrefix(prefix)].add(prefix) === undefined) refusedCount += 1;
    this.#prefixesRefused += refusedCount;
    if (refusedCount > 0)
      this.#ports.logger.error('bgp_table_full', {
        max: TABLE_PREFIXES_MAX,
        refused: refusedCount,
      });
    this.#notify();
  }

  /** Withdraws prefixes that are announced. */
  remove(prefixes: Iterable<Prefix>): void {
    for (const prefix of prefixes) this.#tables[familyOfPrefix(prefix)].remove(prefix);
    this.#notify();
  }

  /** Makes these the complete set; neighbours are sent only the difference. */
  replace(prefixes: Iterable<Prefix>): void {
    const kept = { 4: new BitSet(), 6: new BitSet() };
    const added: Prefix[] = [];
    for (const prefix of prefixes) {
      const family = familyOfPrefix(prefix);
      const slot = this.#tables[family].slotOf(prefix);
      if (slot === undefined) added.push(prefix);
      else kept[family].add(slot);
    }
    this.#tables[4].keepOnly(kept[4]);
    this.#tables[6].keepOnly(kept[6]);
    this.#isComplete = true;
    this.add(added);
  }

  status(): SpeakerStatus {
    return {
      neighbours: [...this.#neighbours.values()].map((one) => one.status()),
      prefixes: { ipv4: this.#tables[4].count, ipv6: this.#tables[6].count },
      prefixesRefused: this.#prefixesRefused,
      strangersCount: this.#strangersCount,
    };
  }

  /**
   * Ends a neighbour's session by Cease/Administrative Reset and starts it again at once, whatever it waited for.
   *
   * @param reason For the neighbour's log, cut to 255 octets. @returns Whether there is a neighbour of that name.
   */
  resetNeighbour(name: string, reason = ''): boolean {
    const neighbour = this.#neighbours.get(name);
    neighbour?.reset(reason);
    return neighbour !== undefined;
  }

  /** Ends all sessions within 7 s, however slow neighbours are. */
  close(options: CloseOptions = { withdraw: true }): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open({ listen = [] }: SpeakerOptions): Promise<void> {
    for (const place of listen)
      this.#listening.push(await this.#ports.listen(place, (one) => this.#onConnection(one)));
    for (const neighbour of this.#neighbours.values()) neighbour.start();
  }

  async #close(options: CloseOptions): Promise<void> {
    await Promise.all(this.#listening.map((one) => one.close()));
    await Promise.all([...this.#neighbours.values()].map((one) => one.stop(options)));
  }

  #notify(): void {
    for (const neighbour of this.#neighbours.values()) neighbour.notify();
  }

  /** Strangers get no answer; their attempts are logged now and then. */
  #onConnection(connection: Connection): ConnectionHandler | undefined {
    const address = zonedAddress(connection.remote);
    const neighbour = this.#byAddress.get(canonicalAddress(address) ?? address);
    if (neighbour !== undefined) return neighbour.accept(connection);
    this.#strangersCount += 1;
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs - this.#strangersLoggedAtMs >= STRANGERS_LOG_MS) {
      this.#strangersLoggedAtMs = nowMs;
      this.#ports.logger.warn('bgp_stranger', { address, strangers: this.#strangersCount });
    }
    return undefined;
  }
}

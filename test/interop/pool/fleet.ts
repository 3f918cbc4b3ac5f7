// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { infoHash, type DhtNode } from '@sentrypeer/dht';
import { openDht } from '@sentrypeer/dht/udp';
import { DaemonProcess, TemporaryFolder, until } from '../../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../../e2e/sip-peers.ts';
import { MACHINES_COUNT, onMachine } from './namespaces.ts';

const WAIT_MS = 60_000;
const ATTACKERS_COUNT = 20;
/**
 * Dials each number first, so that the contact that counts is from the second network and others may learn the number.
 */
const HERALD = '20.120.0.1';
const IS_COUNTED = `source_ip <> '${HERALD}'`;
/** Milliseconds between two contacts, so that one does not wait for the one before. */
const ATTACK_MS = 60;

interface Claimed {
  readonly event_uuid: string;
  readonly created_by_node_id: string;
  readonly source_ip: string;
  readonly called_number: string;
  readonly sip_method: string;
  readonly event_timestamp: string;
}

/** Daemons, one on each machine, and an observer that receives every value that is put. */
export class Fleet implements AsyncDisposable {
  readonly #bootstrap: string;
  readonly #folders = Array.from({ length: MACHINES_COUNT }, () => new TemporaryFolder());
  readonly #daemons: DaemonProcess[] = [];
  readonly #observer: DhtNode;
  readonly #heard: { readonly id: bigint; readonly claimed: Claimed }[] = [];
  #attacksCount = 0;

  private constructor(bootstrap: string, observer: DhtNode) {
    this.#bootstrap = bootstrap;
    this.#observer = observer;
    void this.#listen();
  }

  static async start(bootstrap: string): Promise<Fleet> {
    const observer = await openDht({ port: 0, addresses: ['20.0.0.254'], bootstrap: [bootstrap] });
    const fleet = new Fleet(bootstrap, observer);
    for (let machine = 0; machine < MACHINES_COUNT; machine += 1) await fleet.#start(machine);
    await fleet.#connected();
    return fleet;
  }

  get attacksCount(): number {
    return this.#attacksCount;
  }

  /** This many contacts at each daemon, one after the other, no two alike. */
  async attack(count: number): Promise<void> {
    for (let round = 0; round < count; round += 1)
      for (let machine = 0; machine < MACHINES_COUNT; machine += 1) {
        await after(ATTACK_MS);
        this.#attacksCount += 1;
        const number = String(this.#attacksCount);
        for (const source of [HERALD, `20.${100 + (this.#attacksCount % ATTACKERS_COUNT)}.0.1`]) {
          using peer = await UdpPeer.open(source);
          const request = sipRequest({ method: 'INVITE', user: `00${number}`, callId: number });
          await peer.send(request, 5060, `20.0.0.${machine + 1}`);
          // A number is shared only once it came from two networks, so the first contact must be recorded before the
          // second.
          if (source === HERALD) await this.#recorded(machine, `00${number}`);
        }
      }
  }

  async #recorded(machine: number, number: string): Promise<void> {
    const sql = `SELECT count(*) FROM honey WHERE source_ip = '${HERALD}' AND called_number = '${number}'`;
    await until(`${number} of the herald`, () => (this.#daemons[machine]?.number(sql) ?? 0) > 0);
  }

  /** Waits until every daemon has every event. */
  async converge(): Promise<void> {
    for (const [machine, daemon] of this.#daemons.entries())
      await until(
        `all ${this.#attacksCount} events on machine ${machine + 1}: ${daemon.output()}`,
        () =>
          daemon.number(`SELECT count(DISTINCT called_number) FROM honey WHERE ${IS_COUNTED}`) >=
          this.#attacksCount,
        WAIT_MS,
      );
    const [first, ...others] = this.#daemons.map((daemon) =>
      daemon
        .rows(
          `SELECT source_ip || ' ' || called_number AS contact FROM honey WHERE ${IS_COUNTED} ORDER BY 1`,
        )
        .map((row) => row['contact']),
    );
    for (const other of others) assert.deepEqual(other, first);
    assert.equal(first?.length, this.#attacksCount);
  }

  /** Kills some with -9 and starts them again. */
  async restart(machines: readonly number[]): Promise<void> {
    for (const machine of machines) {
      const daemon = this.#daemons[machine];
      daemon?.signal('SIGKILL');
      await daemon?.ended();
    }
    for (const machine of machines) await this.#start(machine);
    await this.#connected();
  }

  /** No event was put under two ids, and no two values say the same. */
  assertNothingTwice(): void {
    const ids = new Map<string, bigint>();
    const contacts = new Set<string>();
    for (const { id, claimed } of this.#heard) {
      if (claimed.source_ip === HERALD) continue;
      const { event_uuid: uuid, created_by_node_id: node, ...what } = claimed;
      assert.equal(ids.get(uuid) ?? id, id, 'an event has one value');
      if (ids.has(uuid)) continue; // Received again, because its storers had lost it.
      ids.set(uuid, id);
      const { source_ip: source, called_number: number, sip_method: method } = what;
      const contact = [node, source, number, method, what.event_timestamp.slice(0, 13)].join(' ');
      assert.ok(!contacts.has(contact), contact);
      contacts.add(contact);
    }
    assert.equal(ids.size, this.#attacksCount);
  }

  /** The time from a datagram at one daemon to the row at another. */
  report(from: number, to: number): string {
    const ms = (time: string): string => `unixepoch(substr(${time}, 1, 23), 'subsec') * 1000`;
    const times = (time: string, where: string): [string, number][] =>
      this.#daemons.flatMap((daemon) =>
        daemon
          .rows(
            `SELECT called_number, ${ms(time)} AS ms FROM honey LEFT JOIN shared_event s USING (honey_id)
            WHERE ${where} AND ${IS_COUNTED} AND CAST(called_number AS INTEGER) BETWEEN ${from + 1} AND ${to}`,
          )
          .map((row) => [String(row['called_number']), Number(row['ms'])]),
      );
    const met = new Map(times('event_timestamp', 's.honey_id IS NULL'));
    const waits = times('created_at', 's.honey_id IS NOT NULL')
      .map(([number, atMs]) => atMs - (met.get(number) ?? NaN))
      .toSorted((a, b) => a - b);
    const at = (share: number): number =>
      Math.round(waits[Math.floor((waits.length - 1) * share)] ?? 0);
    return `${waits.length} events at another node: median ${at(0.5)} ms, 90% ${at(0.9)} ms, most ${at(1)} ms`;
  }

  /** Resident memory of each daemon. */
  memory(): string {
    return this.#daemons
      .map(({ pid }) => /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
      .map((kibibytes) => `${Math.round(Number(kibibytes) / 1024)} MiB`)
      .join(', ');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#daemons.map((daemon) => daemon[Symbol.asyncDispose]()));
    await this.#observer.close();
    for (const folder of this.#folders) folder[Symbol.dispose]();
  }

  async #start(machine: number): Promise<void> {
    const folder = this.#folders[machine]?.path ?? '';
    const address = `20.0.0.${machine + 1}`;
    const flags = [`--sip-address=${address}`, '--sip-port=5060', '--api=off', '--threads=1'];
    this.#daemons[machine] = await DaemonProcess.start(
      [
        ...flags,
        '-p',
        `--bootstrap-node=${this.#bootstrap}`,
        '--neighbours=off',
        '--share-delay=0',
      ],
      { folder, under: onMachine(machine + 1) },
    );
  }

  /** A daemon that is alone at first finds others within seconds; an event shows when it has. */
  async #connected(): Promise<void> {
    await this.#observer.connected(AbortSignal.timeout(WAIT_MS));
  }

  async #listen(): Promise<void> {
    for await (const event of this.#observer.listen(infoHash('bad_actors')))
      if (event.kind === 'value') {
        const claimed = JSON.parse(new TextDecoder().decode(event.value.data)) as Claimed;
        this.#heard.push({ id: event.value.id, claimed });
      }
  }
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Nodes that share, on a simulated DHT: an event log in memory, no socket, no waiting. */

import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DhtNode, type DhtPorts } from '@sentrypeer/dht';
import { SimulatedNetwork } from '@sentrypeer/dht/testing';
import { formatEventTimestamp, type RecordedEvent } from '@sentrypeer/event';
import { OperatingError, silentLogger } from '@sentrypeer/kernel';
import type { Signer } from '../src/ed25519.ts';
import { Pool } from '../src/pool.ts';
import type { KnownOrigin, PoolPorts, ReceivedEvent } from '../src/ports.ts';
import { APP_VERSION, NETWORK, newSigner, recorded } from './claims.ts';

const STEP_MS = 20;
const LIMIT_MS = 1_800_000;

/** What survives the killing of a node: its log, cursors, key and what it recorded from others. */
export class Disk {
  readonly signer: Signer = newSigner();
  readonly events: RecordedEvent[] = [];
  readonly cursors = new Map<string, number>();
  readonly received: ReceivedEvent[] = [];
  readonly receivedIds = new Set<string>();
  readonly origins = new Map<string, KnownOrigin>();
}

export class SimulatedPools {
  readonly network = new SimulatedNetwork();
  #nodesCount = 0;

  get nowUs(): number {
    return this.network.clock.epochUs();
  }

  /** An event of the disk's owner, a second ago. */
  event(disk: Disk, changes: Partial<RecordedEvent> = {}): RecordedEvent {
    const event = recorded(disk.signer.nodeId, {
      honeyId: disk.events.length + 1,
      eventTimestamp: formatEventTimestamp(this.nowUs - 1_000_000),
      ...changes,
    });
    disk.events.push(event);
    return event;
  }

  /** A DHT node only, at a separate address. */
  async dht(
    bootstrap: readonly string[] = ['10.0.0.1'],
  ): Promise<{ node: DhtNode; address: string }> {
    this.#nodesCount += 1;
    const address = `10.0.0.${this.#nodesCount}`;
    const node = await DhtNode.open(this.#dhtPorts(address), {
      network: NETWORK,
      bootstrap: address === bootstrap[0] ? [] : bootstrap,
    });
    return { node, address };
  }

  /** A node that shares. */
  async open(
    disk: Disk,
    options: { budgetOctets?: number; delayMsMax?: number; state?: unknown } = {},
  ): Promise<SharingNode> {
    const { node, address } = await this.dht();
    const { clock } = this.network;
    const ports: PoolPorts = {
      network: node,
      log: {
        eventsAfter: (id, limit) =>
          disk.events.filter(({ honeyId }) => honeyId > id).slice(0, limit),
        lastHoneyId: () => disk.events.at(-1)?.honeyId ?? 0,
        cursor: (name) => disk.cursors.get(name),
      },
      cursors: { saveCursor: (name, id) => disk.cursors.set(name, id) },
      origins: { origin: (id) => disk.origins.get(id) },
      isRecorded: (nodeId, eventUuid) => disk.receivedIds.has(`${nodeId} ${eventUuid}`),
      record: async (events) => record(disk, events),
      signer: disk.signer,
      clock,
      random: this.network.random,
      logger: silentLogger,
      wakeAfter: (waitMs, run) => this.#later(waitMs, run),
    };
    const pool = new Pool(ports, {
      networkId: NETWORK,
      appVersion: APP_VERSION,
      budgetOctets: options.budgetOctets ?? 1_000_000,
      delayMsMax: options.delayMsMax ?? 0,
      state: options.state,
    });
    return new SharingNode(disk, node, pool, address, () =>
      this.network.detach({ address, port: 4222 }),
    );
  }

  /** Lets time pass until the condition holds. */
  async until(what: string, condition: () => boolean): Promise<void> {
    for (let passedMs = 0; !condition(); passedMs += STEP_MS) {
      assert.ok(passedMs < LIMIT_MS, `not in time: ${what}`);
      await this.run(STEP_MS);
    }
  }

  async run(durationMs: number, stepMs = STEP_MS): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
      this.network.run(stepMs);
      for (let turn = 0; turn < 4; turn += 1) await nextTurn();
    }
  }

  #later(waitMs: number, run: () => void): () => void {
    let live = true;
    this.network.later(waitMs, () => {
      if (live) run();
    });
    return () => {
      live = false;
    };
  }

  #dhtPorts(address: string): DhtPorts {
    const at = { address, port: 4222 };
    const { clock, random } = this.network;
    return {
      clock,
      random,
      logger: silentLogger,
      wakeAfter: (waitMs, run) => this.#later(waitMs, run),
      openDatagrams: async (onDatagram) => {
        const host = { nextAtMs: undefined, receive: onDatagram, advance: () => undefined };
        this.network.attach(at, host);
        return {
          locals: [at],
          send: (octets, to) => this.network.send(octets, at, to),
          close: async () => this.network.detach(at),
        };
      },
      openDiscovery: () => Promise.reject(new OperatingError('no_discovery', 'not here')),
      resolve: async (host) => [host],
    };
  }
}

function record(disk: Disk, events: readonly ReceivedEvent[]): number {
  const idOf = ({ event, nodeId }: ReceivedEvent): string => `${nodeId} ${event.eventUuid}`;
  const added = events.filter((event) => !disk.receivedIds.has(idOf(event)));
  for (const event of added) disk.receivedIds.add(idOf(event));
  disk.received.push(...added);
  for (const { nodeId, origin } of added)
    if (!disk.origins.has(nodeId))
      disk.origins.set(nodeId, { trust: 'none', publicKey: origin.publicKey, firstSeenEpochUs: 0 });
  return added.length;
}

export class SharingNode implements AsyncDisposable {
  readonly disk: Disk;
  readonly dht: DhtNode;
  readonly pool: Pool;
  readonly address: string;
  readonly #cutOff: () => void;

  constructor(disk: Disk, dht: DhtNode, pool: Pool, address: string, cutOff: () => void) {
    this.disk = disk;
    this.dht = dht;
    this.pool = pool;
    this.address = address;
    this.#cutOff = cutOff;
  }

  /** As if killed: nothing more is sent. */
  async kill(): Promise<void> {
    this.#cutOff();
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.close();
    await this.dht.close();
  }
}

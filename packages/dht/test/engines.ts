// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Engines on a simulated network, and what a test asks of them. */

import type { Endpoint } from '@sentrypeer/ip';
import { DhtEngine, type EngineOptions } from '../src/engine/engine.ts';
import type { InfoHash } from '../src/info-hash.ts';
import type { ListenEvent } from '../src/node/listen-operation.ts';
import { SimulatedNetwork, type SimulatedNetworkOptions } from '../src/testing/index.ts';
import { unsignedValue, type Value } from '../src/values/value.ts';

export interface TestNode {
  readonly engine: DhtEngine;
  readonly at: Endpoint;
}

export class TestDht {
  readonly network: SimulatedNetwork;
  readonly nodes: TestNode[] = [];

  constructor(options?: SimulatedNetworkOptions) {
    this.network = new SimulatedNetwork(options);
  }

  /** A node at a separate address; it bootstraps from the first one. */
  add(
    options: Partial<EngineOptions> & { readonly at?: Endpoint; readonly alone?: boolean } = {},
  ): TestNode {
    const number = this.nodes.length + 1;
    const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    const at = options.at ?? { address, port: 4222 };
    const { clock, random } = this.network;
    const engine = new DhtEngine(
      { clock, random, send: (octets, to) => this.network.send(octets, at, to) },
      { families: [4], ...options },
    );
    const node = { engine, at };
    this.network.attach(at, engine);
    const [first] = this.nodes;
    this.nodes.push(node);
    if (first !== undefined && options.alone !== true)
      this.use(node, () => engine.bootstrap([first.at]));
    return node;
  }

  /** Nodes that know each other. */
  static of(count: number, options?: SimulatedNetworkOptions): TestDht {
    const dht = new TestDht(options);
    for (let index = 0; index < count; index += 1) dht.add();
    dht.network.run(60_000);
    return dht;
  }

  kill(node: TestNode): void {
    this.network.detach(node.at);
  }

  use<T>(node: TestNode, act: (engine: DhtEngine) => T): T {
    const result = act(node.engine);
    this.network.touch(node.at);
    return result;
  }

  /** Puts and waits until it is settled. @returns Whether it succeeded. */
  put(node: TestNode, key: InfoHash, value: Value, permanent = false): boolean {
    let settled: boolean | undefined;
    const created = Math.floor(this.network.clock.epochUs() / 1_000_000);
    this.use(node, (engine) =>
      engine.put(key, value, { permanent, created, onSettled: (ok) => (settled = ok) }),
    );
    this.network.runUntil(() => settled !== undefined);
    return settled === true;
  }

  get(node: TestNode, key: InfoHash): readonly Value[] {
    const values: Value[] = [];
    let done = false;
    this.use(node, (engine) =>
      engine.get(key, [], { onValue: (value) => values.push(value), onDone: () => (done = true) }),
    );
    this.network.runUntil(() => done);
    return values;
  }

  listen(
    node: TestNode,
    key: InfoHash,
  ): { readonly events: ListenEvent[]; readonly stop: () => void } {
    const events: ListenEvent[] = [];
    const stop = this.use(node, (engine) => engine.listen(key, [], (event) => events.push(event)));
    return { events, stop };
  }
}

export function textValue(id: bigint, text: string): Value {
  return unsignedValue(id, { data: new TextEncoder().encode(text), userType: 'text/plain' });
}

export function textOf(value: Value | undefined): string {
  return new TextDecoder().decode(value?.data);
}

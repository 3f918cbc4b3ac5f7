// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { familyOf, isLoopback, type Endpoint, type Family } from '@sentrypeer/ip';
import { addressOctets, isMartianEndpoint } from '../address.ts';
import type { Admission } from '../engine/admission.ts';
import { Bootstrap } from './bootstrap.ts';
import type { Core } from '../engine/core.ts';
import type { InfoHash } from '../info-hash.ts';
import { SEARCH_IDLE_MS, SEARCHES_MAX, TABLE_QUIET_MS } from '../limits.ts';
import { PING_OCTETS_MAX, PROBE_PAUSE_MS, PROBES_MAX } from '../engine/limits.ts';
import { Maintenance } from './maintenance.ts';
import { NodeCache } from './node-cache.ts';
import type { RemoteNode } from './remote-node.ts';
import { Requests } from './requests.ts';
import { RoutingTable, type Confidence } from './routing-table.ts';
import { Search } from '../search/search.ts';
import type { SearchPorts } from '../search/search-ports.ts';
import type { NodeRecord } from '../wire/message.ts';

/** PROTOCOL 14.2. */
export type Connectivity = 'connected' | 'connecting' | 'disconnected';

export interface OverlayPorts {
  readonly core: Core;
  readonly admission: Admission;
  /** Node lists also bring nodes of the other family. */
  readonly learn: (records: readonly NodeRecord[], from: RemoteNode) => void;
  /** The families this node runs, for `w`. */
  readonly families: readonly Family[];
  /** Names must be looked up again, because we are disconnected. */
  readonly onBootstrapDue: () => void;
}

/** The network of one family: its nodes, table, searches and upkeep (PROTOCOL 16). */
export class Overlay {
  readonly family: Family;
  readonly requests: Requests;
  readonly cache: NodeCache;
  readonly table: RoutingTable;
  readonly bootstrap: Bootstrap;
  readonly maintenance: Maintenance;
  readonly searches = new Map<InfoHash, Search>();
  readonly #ports: OverlayPorts;
  readonly #searchPorts: SearchPorts;
  /** Operations that wait until it is known whether any node answers. */
  #waiting: (() => void)[] = [];
  #probesCount = 0;

  constructor(ports: OverlayPorts, family: Family) {
    const { core } = ports;
    this.family = family;
    this.#ports = ports;
    this.requests = new Requests(core);
    this.cache = new NodeCache(core.chance);
    this.table = new RoutingTable(core.id);
    this.bootstrap = new Bootstrap(core, this.requests, {
      isConnected: () => this.connectivity() === 'connected',
      onPong: (id, source) => this.bootstrapped(id, source),
      onSettled: () => this.#settled(),
      onDue: ports.onBootstrapDue,
    });
    this.maintenance = new Maintenance(core, this, ports.families);
    this.#searchPorts = {
      core,
      family,
      requests: this.requests,
      closest: (key, count) => this.cache.closest(key, count),
      learn: ports.learn,
      ban: (node) => this.ban(node),
      onSearchExpired: () => this.connectivityChanged(),
    };
  }

  connectivity(): Connectivity {
    const nowMs = this.#ports.core.clock.nowMs();
    const nodes = this.table.nodes();
    if (nodes.some((node) => node.isGood(nowMs))) return 'connected';
    if (this.bootstrap.isPending || nodes.some((node) => !node.expired)) return 'connecting';
    return 'disconnected';
  }

  /** Runs at once, or when the first bootstrap has ended (PROTOCOL 14.2). */
  whenSettled(run: () => void): void {
    if (this.connectivity() === 'connecting' && this.bootstrap.isPending) this.#waiting.push(run);
    else run();
  }

  /** The search for a key; it is created if there is none. */
  search(key: InfoHash): Search {
    const known = this.searches.get(key);
    if (known !== undefined) return known;
    if (this.searches.size >= SEARCHES_MAX) this.#forgetIdle(0);
    const search = new Search(this.#searchPorts, key);
    this.searches.set(key, search);
    return search;
  }

  /** A node showed itself, or another node mentioned it. */
  seen(node: RemoteNode, confidence: Confidence, isNews: boolean): void {
    if (node.client) return;
    const { clock } = this.#ports.core;
    const nowMs = clock.nowMs();
    const quiet = nowMs - this.table.grewAtMs >= TABLE_QUIET_MS;
    const offer = this.table.offer(node, confidence, nowMs);
    if (offer.ping !== undefined) this.ping(offer.ping);
    if (offer.kind === 'added' && quiet) this.maintenance.hasten();
    if (offer.kind === 'added' || isNews)
      for (const search of this.searches.values()) search.offer(node);
    if (confidence === 'replied') this.bootstrap.connected();
  }

  /**
   * A node from another node's list, or from elsewhere; `reporter` is the address of the node that sent the list
   * (PROTOCOL 3.5).
   */
  learn({ id, endpoint }: NodeRecord, reporter: Endpoint | undefined): void {
    const { core, admission } = this.#ports;
    if (id === core.id) return;
    const behindReporter =
      reporter !== undefined &&
      isLoopback(endpoint.address) &&
      familyOf(reporter.address) === this.family;
    const at = behindReporter ? { ...reporter, port: endpoint.port } : endpoint;
    if (isMartianEndpoint(at) || admission.isBlacklisted(at)) return;
    const node = this.cache.mentioned(id, at, core.clock.nowMs());
    this.seen(node, 'mentioned', true);
  }

  /** Nodes that another one lists, of any family. */
  learnAll(records: readonly NodeRecord[], from: RemoteNode): void {
    this.#ports.learn(records, from);
  }

  /** The good nodes closest to a key, as many as fit into a node list. */
  closestGood(key: InfoHash, count: number): readonly NodeRecord[] {
    const nowMs = this.#ports.core.clock.nowMs();
    return this.table
      .closestGood(key, count, nowMs)
      .filter(({ endpoint }) => addressOctets(endpoint.address) !== undefined)
      .map(({ id, endpoint }) => ({ id, endpoint }));
  }

  ping(node: RemoteNode): void {
    this.requests.send(node, { name: 'ping', args: {} }, { onReply: () => undefined });
  }

  /** Checks with one ping whether the node is at an address that claims to be it. */
  probe(node: RemoteNode, endpoint: Endpoint): void {
    const { core, admission } = this.#ports;
    const nowMs = core.clock.nowMs();
    if (this.#probesCount >= PROBES_MAX || nowMs - node.probedAtMs < PROBE_PAUSE_MS) return;
    if (
      !admission.hasAnswered(endpoint, nowMs) &&
      !admission.affords(endpoint, PING_OCTETS_MAX, nowMs)
    ) {
      core.counters.unprovedWithheld += 1;
      return;
    }
    node.probedAtMs = nowMs;
    this.#probesCount += 1;
    const over = (): void => {
      this.#probesCount -= 1;
    };
    const handlers = { onReply: over, onError: () => (over(), true), onExpired: over };
    this.requests.send(node, { name: 'ping', args: {} }, handlers, endpoint, 1);
  }

  bootstrapped(id: InfoHash, source: Endpoint): void {
    const { clock } = this.#ports.core;
    const nowMs = clock.nowMs();
    const { node, foreign } = this.cache.heard(id, source, { client: false, proved: true }, nowMs);
    // It answered here, so this is its address, unless it still answers elsewhere.
    if (foreign && !node.isGood(nowMs)) node.endpoint = source;
    else if (foreign) {
      this.probe(node, source);
      return;
    }
    node.heardAtMs = nowMs;
    node.repliedAtMs = nowMs;
    node.expired = false;
    node.heardOnly = false;
    this.seen(node, 'replied', true);
  }

  ban(node: RemoteNode): void {
    this.#ports.admission.blacklist(node.endpoint);
    this.requests.expire(node);
  }

  /** PROTOCOL 14.3. */
  connectivityChanged(): void {
    for (const node of this.cache.values()) {
      node.expired = false;
      node.heardAtMs = -Infinity;
    }
    this.maintenance.hasten();
    this.bootstrap.restart();
  }

  /** PROTOCOL 12, cleanup. */
  cleanup(): void {
    for (const spare of this.table.dropExpired()) this.ping(spare);
    this.#forgetIdle(SEARCH_IDLE_MS);
  }

  close(): void {
    for (const search of this.searches.values()) search.close();
    this.searches.clear();
    this.#waiting = [];
  }

  #settled(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }

  /** Forgets searches that were idle for too long; also the one idle for longest, to make room. */
  #forgetIdle(idleMs: number): void {
    const nowMs = this.#ports.core.clock.nowMs();
    const idle = [...this.searches.values()]
      .filter((search) => search.isIdle && nowMs - search.usedAtMs >= idleMs)
      .sort((a, b) => a.usedAtMs - b.usedAtMs);
    for (const search of idleMs === 0 ? idle.slice(0, 1) : idle) {
      search.close();
      this.searches.delete(search.key);
    }
  }
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { statSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type {
  FleetState,
  FollowerState,
  MetricFamily,
  NotReady,
  Operations,
  WebhookState,
} from '@sentrypeer/api';
import type { Webhooks } from '@sentrypeer/delivery';
import { webhookCursor } from '@sentrypeer/follow/cursors';
import { OperatingError, systemClock } from '@sentrypeer/kernel';
import { FLEET_CURSOR } from '@sentrypeer/follow/cursors';
import { FileWatch, type Condition, type StoreReader } from '@sentrypeer/store';
import type { Engine } from '../engine.ts';
import type { RunningAgent } from '../open-agent.ts';
import { fleetMetrics } from './fleet/fleet-metrics.ts';
import type { FleetService } from './fleet/fleet-service.ts';
import { fleetState } from './fleet/fleet-state.ts';
import { agentMetrics } from './agent-metrics.ts';
import { followerMetrics } from './listings/follower-metrics.ts';
import { Followers, type FollowerPlaces } from './listings/followers.ts';
import { poolMetrics } from './pool-metrics.ts';
import type { PoolService } from './pool-service.ts';
import { exceededSamples } from './sip-counters.ts';
import { webhookMetrics } from './webhook-metrics.ts';

const MIB = 1_048_576;

/** Read once: the wall clock may be set later, but the start time does not move. */
const STARTED_AT_SECONDS = (Date.now() - process.uptime() * 1000) / 1000;

interface DaemonOperationsPorts {
  readonly engine: Engine;
  readonly log: StoreReader;
  readonly webhooks: Webhooks | undefined;
  /** `undefined` if this node is in no fleet. */
  readonly fleet: FleetService | undefined;
  /** `undefined` if it is off. */
  readonly agent: Pick<RunningAgent, 'counters'> | undefined;
  /** `undefined` if nothing is shared. */
  readonly pool: PoolService | undefined;
  /** Where events go apart from webhooks, by name. */
  readonly outputs: Readonly<Record<string, { readonly trouble: string | undefined }>>;
  /** Datagrams that the system dropped at sockets other than those of SIP. */
  readonly socketDrops: () => Readonly<Record<string, number>>;
}

interface DaemonOperationsOptions {
  readonly version: string;
  readonly dbFile: string;
  /** Names of the consumers of the event log, which are also the names of their cursors. */
  readonly consumers: readonly string[];
  /** Where followers on this machine report their state. */
  readonly followers: FollowerPlaces;
}

/** What the daemon reports to those who monitor it. */
export class DaemonOperations implements Operations, Disposable {
  readonly #ports: DaemonOperationsPorts;
  readonly #options: DaemonOperationsOptions;
  readonly #file: FileWatch;
  readonly #followers: Followers;
  readonly #loopDelay = monitorEventLoopDelay();
  #isOpen = false;

  constructor(ports: DaemonOperationsPorts, options: DaemonOperationsOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#file = new FileWatch(options.dbFile);
    this.#followers = new Followers(systemClock, options.followers);
    this.#loopDelay.enable();
  }

  /** Every port is open. */
  opened(): void {
    this.#isOpen = true;
  }

  [Symbol.dispose](): void {
    this.#loopDelay.disable();
  }

  notReady(): readonly NotReady[] {
    const reasons: NotReady[] = [];
    if (!this.#isOpen) reasons.push({ part: 'sip', why: 'the ports are not open yet' });
    const stuck = this.#ports.engine.stuck();
    if (stuck !== undefined) reasons.push({ part: stuck, why: 'its thread hangs' });
    const stall = this.#ports.engine.stall();
    if (stall !== undefined) reasons.push({ part: 'database', why: stall });
    const trouble = this.#ports.engine.trouble();
    if (trouble?.isDamaged === true) reasons.push({ part: 'database', why: trouble.why });
    const gone = this.#file.failure(systemClock.nowMs());
    if (gone !== undefined) reasons.push({ part: 'database', why: gone.message });
    try {
      this.#ports.log.revision();
      this.#ports.log.lastHoneyId(); // The former only looks at the log's index.
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      if (!reasons.some(({ part }) => part === 'database')) {
        reasons.push({ part: 'database', why: error.message });
      }
    }
    return reasons;
  }

  degraded(): readonly NotReady[] {
    const { pool, webhooks, outputs } = this.#ports;
    const parts: NotReady[] = [];
    const trouble = this.#ports.engine.trouble();
    if (trouble !== undefined && !trouble.isDamaged) {
      parts.push({ part: 'database', why: trouble.why });
    }
    const { kept, clock } = this.#condition();
    if (clock?.expectedEpochUs !== undefined) {
      const expected = new Date(clock.expectedEpochUs / 1000).toISOString().slice(0, 16);
      const why = `the clock of this machine says ${new Date().toISOString().slice(0, 16)}, and the database was last written about ${expected}: set the clock; for up to a day nothing is removed because of its age`;
      parts.push({ part: 'clock', why });
    }
    if (kept?.isBeyond === true) {
      const age = kept.retentionDays === undefined ? 'no age limit' : `${kept.retentionDays} days`;
      const size = kept.octetsMax === undefined ? 'no size limit' : `${mib(kept.octetsMax)} MiB`;
      const why = `${kept.events} events since ${kept.oldest.slice(0, 10)}, ${mib(kept.octets)} MiB, are kept beyond the limits (${size}, ${age}): raise --db-size-max or --retention-days, or let the oldest go with sentrypeer prune --yes`;
      parts.push({ part: 'retention', why });
    }
    for (const [part, { trouble }] of Object.entries(outputs)) {
      if (trouble !== undefined) parts.push({ part, why: trouble });
    }
    if (pool?.status().pool.isConnected === false) {
      parts.push({ part: 'sharing', why: 'no node of the network answers' });
    }
    for (const { name, status, nextTryEpochUs } of webhooks?.reports ?? []) {
      if (nextTryEpochUs !== undefined && status.error !== undefined)
        parts.push({ part: `webhook ${name}`, why: status.error.message });
    }
    for (const { name, troubles } of this.followers()) {
      for (const why of troubles) parts.push({ part: name, why });
    }
    return parts;
  }

  metrics(): readonly MetricFamily[] {
    const agent = this.#ports.agent?.counters();
    const { pool, log } = this.#ports;
    return [
      ...this.#sip(),
      this.#degradedParts(),
      ...this.#socketDrops(),
      ...(agent === undefined ? [] : agentMetrics(agent)),
      ...this.#store(),
      ...webhookMetrics(this.webhooks()),
      ...followerMetrics(this.followers()),
      ...fleetMetrics(this.fleet()),
      ...poolMetrics(pool?.status(), log.origins.counts()),
      ...this.#process(),
    ];
  }

  webhooks(): readonly WebhookState[] {
    const { log, webhooks } = this.#ports;
    const newestId = log.lastHoneyId();
    return (webhooks?.reports ?? []).map(({ name, status, nextTryEpochUs }) => ({
      ...status,
      name,
      nextTryEpochUs,
      lag: newestId - (log.cursor(webhookCursor(name)) ?? newestId),
      deadLetters: log.endpoints.lettersCount(name),
    }));
  }

  fleet(): FleetState | undefined {
    const { fleet, log } = this.#ports;
    return fleetState(fleet, () => {
      const newestId = log.lastHoneyId();
      return newestId - (log.cursor(FLEET_CURSOR) ?? newestId);
    });
  }

  followers(): readonly FollowerState[] {
    return this.#followers.states();
  }

  /** Empty if the database does not answer, which `notReady()` reports. */
  #condition(): Partial<Condition> {
    try {
      return this.#ports.log.condition(systemClock.epochUs());
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      return {};
    }
  }

  #degradedParts(): MetricFamily {
    return gauge(
      'sentrypeer_degraded_parts',
      'Parts that do less than they should; /readyz names them.',
      this.degraded().length,
    );
  }

  #socketDrops(): readonly MetricFamily[] {
    const samples = Object.entries(this.#ports.socketDrops()).map(([socket, value]) => ({
      labels: { socket },
      value,
    }));
    if (samples.length === 0) return [];
    return [
      {
        name: 'sentrypeer_socket_dropped_total',
        help: 'Datagrams that the system dropped at our other sockets because they came faster than they were read.',
        type: 'counter',
        samples,
      },
    ];
  }

  #sip(): readonly MetricFamily[] {
    const counters = this.#ports.engine.sipCounters();
    return [
      {
        name: 'sentrypeer_sip_received_total',
        help: 'Datagrams, and messages or other contacts over streams.',
        type: 'counter',
        samples: Object.entries(counters.received).map(([transport, value]) => ({
          labels: { transport },
          value,
        })),
      },
      counter(
        'sentrypeer_sip_kernel_dropped_total',
        'Datagrams that the system dropped because they came faster than they were read.',
        counters.kernelDropped,
      ),
      counter('sentrypeer_sip_replies_total', 'Replies sent.', counters.replies),
      counter('sentrypeer_sip_reply_bytes_total', 'Octets of replies sent.', counters.replyOctets),
      counter(
        'sentrypeer_sip_replies_withheld_total',
        'Replies not sent because of a limit.',
        counters.repliesWithheld,
      ),
      gauge('sentrypeer_sip_connections', 'TCP and TLS connections open.', counters.connections),
      {
        name: 'sentrypeer_sip_connections_exceeded_total',
        help: 'TCP and TLS connections closed because a limit was exceeded.',
        type: 'counter',
        samples: exceededSamples(counters.connectionsExceeded),
      },
    ];
  }

  #store(): readonly MetricFamily[] {
    const { log, engine } = this.#ports;
    const { consumers, dbFile } = this.#options;
    const newestId = log.lastHoneyId();
    const { kept, clock } = this.#condition();
    return [
      counter('sentrypeer_events_recorded_total', 'Events ever recorded.', newestId),
      counter(
        'sentrypeer_messages_dropped_total',
        'Messages received and not kept, ever.',
        log.dropped(),
      ),
      gauge(
        'sentrypeer_addresses',
        'Addresses that something came from; an IPv6 /64 counts once.',
        log.addressesCount(),
      ),
      gauge('sentrypeer_numbers', 'Called numbers known.', log.numbersCount()),
      gauge('sentrypeer_user_agents', 'User-Agents known.', log.userAgentsCount()),
      {
        name: 'sentrypeer_listings',
        help: 'Addresses, numbers and ranges of numbers that are listed.',
        type: 'gauge',
        samples: Object.entries(log.listings.counts()).map(([kind, value]) => ({
          labels: { kind },
          value,
        })),
      },
      gauge(
        'sentrypeer_store_stalled',
        '1 while nothing can be recorded.',
        engine.stall() === undefined ? 0 : 1,
      ),
      gauge(
        'sentrypeer_database_bytes',
        'Octets of the database and of its write-ahead log.',
        fileOctets(dbFile) + fileOctets(`${dbFile}-wal`),
      ),
      gauge(
        'sentrypeer_kept_events',
        'Events from before this program, or from before a limit was lowered, that no limit removes until sentrypeer prune --yes.',
        kept?.events ?? 0,
      ),
      gauge(
        'sentrypeer_kept_beyond_limits',
        '1 while a limit would remove some of these events.',
        kept?.isBeyond === true ? 1 : 0,
      ),
      counter(
        'sentrypeer_clock_jumps_total',
        'Jumps of the wall clock that were noticed, ever.',
        clock?.jumpsCount ?? 0,
      ),
      {
        name: 'sentrypeer_delivery_lag_events',
        help: 'Events that a consumer of the event log has not confirmed yet.',
        type: 'gauge',
        samples: consumers.map((consumer) => ({
          labels: { consumer },
          value: newestId - (log.cursor(consumer) ?? newestId),
        })),
      },
    ];
  }

  #process(): readonly MetricFamily[] {
    const { user, system } = process.cpuUsage();
    const delaySeconds = this.#loopDelay.percentile(99) / 1e9;
    this.#loopDelay.reset();
    return [
      {
        name: 'sentrypeer_build_info',
        help: 'Always 1; the version is in the label.',
        type: 'gauge',
        samples: [{ labels: { version: this.#options.version, node: process.version }, value: 1 }],
      },
      counter('process_cpu_seconds_total', 'CPU time of all threads.', (user + system) / 1e6),
      gauge('process_resident_memory_bytes', 'Resident memory.', process.memoryUsage.rss()),
      gauge('process_start_time_seconds', 'Unix time of the start.', STARTED_AT_SECONDS),
      gauge(
        'nodejs_eventloop_lag_p99_seconds',
        'Delay of the main thread since the last scrape, 99th percentile.',
        Number.isFinite(delaySeconds) ? delaySeconds : 0,
      ),
    ];
  }
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: 'counter', samples: [{ value }] };
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: 'gauge', samples: [{ value }] };
}

function mib(octets: number): number {
  return Math.ceil(octets / MIB);
}

/** 0 if there is no such file. */
function fileOctets(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

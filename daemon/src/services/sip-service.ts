// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { EventCollector, type EventBlocks, type Observation } from '@sentrypeer/event';
import { Honeypot, personaByName } from '@sentrypeer/honeypot';
import type { Endpoint } from '@sentrypeer/ip';
import { assert, openOrClose, type Clock, type Logger, type Random } from '@sentrypeer/kernel';
import {
  ReplyLimiter,
  type Frame,
  type StreamConnection,
  type StreamEvidence,
  type UdpSocket,
} from '@sentrypeer/net';
import type { ListenAddress } from '../config/value-types.ts';
import { FLUSH_MS, STOP_READING_MS_MAX } from '../limits.ts';
import { ConnectionLimitReport } from './connection-limit-report.ts';
import { KernelDropWatch } from './kernel-drop-watch.ts';
import { received } from './received.ts';
import { NONE_EXCEEDED, type SipCounters } from './sip-counters.ts';
import { SipListeners, type CertificateAndKey, type SipLocals } from './sip-listeners.ts';
import { UdpReplies } from './udp-replies.ts';

/** The work of one receiving thread; plain data, so that it can be sent to a thread as a message. */
export interface SipServiceOptions {
  readonly nodeId: string;
  readonly responsive: boolean;
  /** A name known to `personaByName`. */
  readonly persona: string;
  readonly secrets: {
    readonly tag: Uint8Array;
    readonly nonce: Uint8Array;
    readonly policy: Uint8Array;
  };
  /** How long repeats of an event are folded into it, in milliseconds; 0 keeps every message separate. */
  readonly foldWindowMs: number;
  readonly udpAddresses: 'all' | readonly string[];
  /** Each is opened on all of `udpAddresses`. */
  readonly udpPorts: readonly number[];
  readonly socketsPerAddress: number;
  readonly tcp: readonly ListenAddress[];
  readonly tls: readonly ListenAddress[];
  /** PEM; required if `tls` is not empty. */
  readonly certificate: CertificateAndKey | undefined;
  readonly reusePort: boolean;
  /** TCP and TLS connections of all threads, in all and from one source. */
  readonly connectionLimits: { readonly max: number; readonly perSourceMax: number };
  readonly replyLimits: {
    readonly perSourcePerSecond: number;
    readonly perSourceBurst: number;
    readonly octetsPerSecond: number;
  };
  /** This thread counts the kernel's drops, for all threads that share the ports. */
  readonly countsKernelDrops: boolean;
  /** Number of threads that share the limits for all sources together. */
  readonly threadsCount: number;
}

export interface SipPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly blocks: EventBlocks;
  /** An attacker found the password of this account; the other threads must know (`win`). */
  readonly onWon?: (account: string) => void;
  /**
   * Leaves the processor to the store for a moment; absent if that would not help, or if the kernel's drops would not
   * be counted.
   */
  readonly pause?: () => void;
  /** What is recorded instead; only in the demo. */
  readonly disguise?: (observation: Observation) => Observation;
}

const CONNECTION_LIMITS = {
  connections_all: '--max-connections',
  connections_source: '--max-connections-per-source',
} as const;

/** Where an answer goes: the datagram's socket, the connection, or (no longer) anywhere. */
type Path = UdpSocket | StreamConnection | undefined;

/** One receiving thread: its listeners, its honeypot, and the collector that hands events to the store. */
export class SipService implements AsyncDisposable {
  readonly #ports: SipPorts;
  readonly #options: SipServiceOptions;
  readonly #honeypot: Honeypot<Path>;
  readonly #collector: EventCollector;
  readonly #udpReplies: UdpReplies;
  readonly #scope = new AsyncDisposableStack();
  #listeners: SipListeners | undefined;
  #kernelDrops: KernelDropWatch | undefined;
  #flushTimer: NodeJS.Timeout | undefined;
  #dueTimer: NodeJS.Timeout | undefined;
  #dueAtMs = Infinity;
  readonly #received = { UDP: 0, TCP: 0, TLS: 0 };
  /** Over streams. */
  #repliesCount = 0;
  #replyOctets = 0;
  #hasPaused = false;
  #isClosing = false;
  #isOnlyCounting = false;
  #hushing: Promise<void> | undefined;

  private constructor(ports: SipPorts, options: SipServiceOptions) {
    this.#ports = ports;
    this.#options = options;
    const persona = personaByName(options.persona);
    assert(persona !== undefined, 'persona_known');
    const mode = options.responsive ? 'responsive' : 'passive';
    this.#honeypot = new Honeypot(ports, { mode, persona, secrets: options.secrets });
    this.#collector = new EventCollector(ports, {
      nodeId: options.nodeId,
      collectedMethod: mode,
      foldWindowMs: options.foldWindowMs,
    });
    const { threadsCount } = options;
    this.#udpReplies = new UdpReplies(new ReplyLimiter({ ...options.replyLimits, threadsCount }));
  }

  /** Resolves when every port is open; throws `OperatingError` with nothing left open. */
  static async open(ports: SipPorts, options: SipServiceOptions): Promise<SipService> {
    const service = new SipService(ports, options);
    return openOrClose(service, () => service.#listen());
  }

  /** The current listening addresses. */
  get locals(): SipLocals {
    return this.#listeners?.locals ?? { udp: [], tcp: [], tls: [] };
  }

  /** What it has done since it was opened. */
  get counters(): SipCounters {
    const { sent, octets, withheld } = this.#udpReplies.counts;
    return {
      received: { ...this.#received },
      kernelDropped: this.#kernelDrops?.count ?? 0,
      replies: this.#repliesCount + sent,
      replyOctets: this.#replyOctets + octets,
      repliesWithheld: withheld,
      connections: this.#listeners?.connectionsCount ?? 0,
      connectionsExceeded: this.#listeners?.exceeded ?? NONE_EXCEEDED,
    };
  }

  /** The password of this account was found in another thread. */
  win(account: string): void {
    this.#honeypot.win(account);
  }

  /**
   * Stops accepting new datagrams and reads those that the system holds for this thread; resolves when there are none
   * left. What cannot be looked at in time is counted as dropped.
   */
  hush(): Promise<void> {
    this.#hushing ??= this.#hush();
    return this.#hushing;
  }

  /**
   * Closes the listeners, then hands over what was observed; resolves when all is done. Threads that share ports are
   * all hushed first: otherwise datagrams that one thread still accepted would be counted by another after it is gone.
   */
  async close(): Promise<void> {
    await this.hush();
    await this.#scope.disposeAsync(); // This includes the last look at the kernel's drops.
    clearTimeout(this.#flushTimer);
    clearTimeout(this.#dueTimer);
    this.#collector.finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #listen(): Promise<void> {
    const { udpAddresses, udpPorts, socketsPerAddress, tcp, tls } = this.#options;
    const { certificate, reusePort, connectionLimits, threadsCount } = this.#options;
    const report = new ConnectionLimitReport(this.#ports.logger, CONNECTION_LIMITS);
    const listeners = await SipListeners.open(
      {
        logger: this.#ports.logger,
        onDatagram: (octets, source, socket) => this.#onDatagram(octets, source, socket),
        onFrame: (frame, connection) => this.#onFrame(frame, connection),
        onEvidence: (evidence) => this.#onEvidence(evidence),
        onExceeded: (limit, address) => report.exceeded(limit, address),
      },
      {
        udp: udpPorts.map((port) => ({
          addresses: udpAddresses,
          port,
          otherPorts: udpPorts,
          socketsPerAddress,
        })),
        tcp,
        tls,
        certificate,
        reusePort,
        webSockets: this.#options.responsive,
        // The kernel spreads connections over the threads, so each has a share of the limits.
        connections: {
          max: Math.ceil(connectionLimits.max / threadsCount),
          perSourceMax: Math.ceil(connectionLimits.perSourceMax / threadsCount),
        },
      },
    );
    this.#listeners = this.#scope.use(listeners);
    if (this.#options.countsKernelDrops)
      this.#kernelDrops = this.#scope.use(this.#watch(listeners));
  }

  /** The kernel's drops are counted like drops here. */
  #watch(listeners: SipListeners): KernelDropWatch {
    return new KernelDropWatch({
      logger: this.#ports.logger,
      socket: 'sip',
      take: () => listeners.takeKernelDrops(),
      onDropped: (count) => {
        this.#collector.drop(count);
        this.#arm(this.#ports.clock.nowMs());
      },
    });
  }

  async #hush(): Promise<void> {
    this.#isClosing = true;
    const endAtMs = this.#ports.clock.nowMs() + STOP_READING_MS_MAX;
    const isHushed = (await this.#listeners?.hush()) !== false;
    // The queues are bounded and get no additions, unless the system does not support that: then a flood would never
    // end.
    const mayGoOn = (): boolean => isHushed || !this.#isOnlyCounting;
    let before: number;
    do {
      before = this.#received.UDP;
      // Two turns of the event loop, so that sockets were looked at in between.
      await turnOfLoop();
      await turnOfLoop();
      this.#isOnlyCounting = this.#ports.clock.nowMs() >= endAtMs;
    } while (this.#received.UDP > before && mayGoOn());
  }

  #onDatagram(octets: Uint8Array, source: Endpoint, socket: UdpSocket): void {
    this.#received.UDP += 1;
    if (this.#isOnlyCounting) {
      this.#collector.drop(1);
      return;
    }
    const nowMs = this.#ports.clock.nowMs();
    const isUnanswered =
      !this.#options.responsive ||
      this.#udpReplies.areRefused(socket, source, octets.length, nowMs);
    if (isUnanswered && this.#collector.isFull) {
      // More than the store can take: the time to read this one is better given to the store.
      this.#pauseOnce();
      if (this.#options.foldWindowMs === 0) {
        this.#collector.drop(1);
        return;
      }
    }
    const { local } = socket;
    const { clock } = this.#ports;
    const { observation, replies, isWithheld } = this.#honeypot.receive(
      received(socket, { octets, source, local, transport: 'UDP', clock, isUnanswered }),
    );
    this.#record(observation, nowMs);
    if (isWithheld === true) this.#udpReplies.withhold();
    if (replies.length > 0 && this.#udpReplies.allow(socket, source, replies, nowMs)) {
      for (const reply of replies) socket.send(reply, source);
    }
    this.#arm(nowMs);
  }

  /** Once per turn of the event loop, so that what comes back from the store is seen. */
  #pauseOnce(): void {
    if (this.#hasPaused || this.#isClosing) return;
    this.#hasPaused = true;
    setImmediate(() => (this.#hasPaused = false));
    this.#ports.pause?.();
  }

  #onFrame(frame: Frame, connection: StreamConnection): void {
    if (frame.kind === 'control') return;
    if (frame.kind === 'ping') {
      const { pong } = this.#honeypot;
      if (pong !== undefined) connection.send(pong);
      return;
    }
    const { source, local, transport, hello } = connection;
    this.#received[transport] += 1;
    const input = received(connection, {
      octets: frame.octets,
      source,
      local,
      transport,
      clock: this.#ports.clock,
    });
    const { isWebSocket, isFromPage, isPlainOnTls } = connection;
    // A client without TLS on the TLS port is not answered, but what it says is recorded.
    const ofPort = isPlainOnTls ? ['tls_expected'] : [];
    const { observation, replies, close } = this.#honeypot.receive(
      frame.kind === 'message'
        ? {
            ...input,
            hello,
            isWebSocket,
            isFromPage,
            framingAnomalies: [...ofPort, ...frame.anomalies],
            isUnfinished: frame.isUnfinished || isPlainOnTls,
            ...(frame.skipped.length === 0 ? {} : { skipped: frame.skipped }),
          }
        : {
            ...input,
            hello,
            framingAnomalies: ofPort,
            notSip: frame.kind === 'upgrade' ? 'http' : frame.code,
          },
    );
    const nowMs = this.#ports.clock.nowMs();
    this.#record(observation, nowMs);
    for (const reply of replies) {
      this.#countReply(reply);
      connection.send(reply);
    }
    if (close !== false && frame.kind !== 'upgrade') {
      connection.closeSoon(close === 'at-once' ? 0 : undefined);
    }
    this.#arm(nowMs);
  }

  /** A contact without a message: refused over a limit, silent, or without a whole TLS handshake. */
  #onEvidence(evidence: StreamEvidence): void {
    const { transport, source, local, octets, code, hello } = evidence;
    this.#received[transport] += 1;
    const input = received(undefined, {
      octets,
      source,
      local,
      transport,
      clock: this.#ports.clock,
    });
    const { observation } = this.#honeypot.receive({ ...input, hello, notSip: code });
    const nowMs = this.#ports.clock.nowMs();
    this.#record(observation, nowMs);
    this.#arm(nowMs);
  }

  #record(observation: Observation, nowMs: number): void {
    const { disguise } = this.#ports;
    this.#collector.record(disguise === undefined ? observation : disguise(observation), nowMs);
  }

  #countReply(reply: Uint8Array): void {
    this.#repliesCount += 1;
    this.#replyOctets += reply.length;
  }

  #arm(nowMs: number): void {
    if (this.#flushTimer === undefined && this.#collector.pending) {
      this.#flushTimer = setTimeout(this.#flush, FLUSH_MS);
    }
    const dueAtMs = this.#honeypot.nextDueMs() ?? Infinity;
    if (dueAtMs >= this.#dueAtMs) return;
    clearTimeout(this.#dueTimer);
    this.#dueAtMs = dueAtMs;
    this.#dueTimer = setTimeout(this.#sendDue, Math.max(0, dueAtMs - nowMs));
  }

  readonly #flush = (): void => {
    this.#flushTimer = undefined;
    this.#collector.flush();
    this.#arm(this.#ports.clock.nowMs()); // What found no block is tried again.
  };

  /** Sends delayed replies: the answer to a call that rang, and its retransmissions. */
  readonly #sendDue = (): void => {
    this.#dueAtMs = Infinity;
    const nowMs = this.#ports.clock.nowMs();
    for (const { path, sourceIp, sourcePort, octets } of this.#honeypot.takeDue(nowMs)) {
      if (path === undefined) continue;
      const to = { ...path.local, address: sourceIp, port: sourcePort }; // The zone is the same.
      if ('transport' in path) {
        this.#countReply(octets);
        path.send(octets);
      } else if (this.#udpReplies.allow(path, to, [octets], nowMs)) path.send(octets, to);
    }
    this.#arm(nowMs);
  };
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Octets } from '@sentrypeer/bytes';
import type { Endpoint } from '@sentrypeer/ip';
import {
  assert,
  openOrClose,
  OperatingError,
  Outage,
  type Clock,
  type Logger,
} from '@sentrypeer/kernel';
import { isRepliable, type Frame, type StreamConnection, type UdpSocket } from '@sentrypeer/net';
import { NumberingPlans } from '@sentrypeer/numbers';
import {
  Agent,
  parseDestination,
  type Answer,
  type Asked,
  type AgentDecision,
  type Refusal,
} from '@sentrypeer/redirect';
import { StoreReader } from '@sentrypeer/store';
import type { Judge, Judgement } from '@sentrypeer/verdict';
import type { ListenAddress } from '../config/value-types.ts';
import {
  AGENT_CONNECTION_MS_MAX,
  AGENT_CONNECTIONS_MAX,
  AGENT_CONNECTIONS_PER_PEER_MAX,
  AGENT_FLUSH_MS,
  AGENT_IDLE_MS_MAX,
  AGENT_RECEIVE_OCTETS,
} from '../limits.ts';
import { AgentCounter, type AgentCounters } from './agent-counters.ts';
import { AgentPeers } from './agent-peers.ts';
import { warmUp } from './agent-warm-up.ts';
import { ConnectionLimitReport } from './connection-limit-report.ts';
import { KernelDropWatch } from './kernel-drop-watch.ts';
import { makeJudge, type JudgeOptions } from './open-judging.ts';
import { NONE_EXCEEDED } from './sip-counters.ts';
import { SipListeners, type CertificateAndKey, type SipLocals } from './sip-listeners.ts';
import { Snapshot } from './snapshot.ts';

const NORTH_AMERICA = '1';
/** As in docs/limits.md. */
const CONNECTION_LIMITS = {
  connections_all: 'AGENT_CONNECTIONS_MAX',
  connections_source: 'AGENT_CONNECTIONS_PER_PEER_MAX',
} as const;

/** Plain data, so that it can be sent to a thread as a message. */
export interface AgentServiceOptions {
  readonly dbFile: string;
  readonly judge: JudgeOptions;
  /** UDP and TCP on each of them. */
  readonly addresses: readonly ListenAddress[];
  readonly tlsAddresses: readonly ListenAddress[];
  /** PEM; required if `tlsAddresses` is not empty. */
  readonly certificate: CertificateAndKey | undefined;
  /** Addresses and networks that may ask; `undefined` means only this machine. */
  readonly peers: readonly string[] | undefined;
  /** A template that `parseDestination()` reads. */
  readonly destination: string | undefined;
  readonly refusal: Refusal;
  /** Whether subjects that are only watched are refused too. */
  readonly refusesWatched: boolean;
  readonly secret: Uint8Array;
}

export interface AgentServicePorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Receives decisions, some milliseconds after they were made. */
  readonly onDecisions: (decisions: readonly AgentDecision[]) => void;
}

const STREAM_LIMITS = { idleMsMax: AGENT_IDLE_MS_MAX, connectionMsMax: AGENT_CONNECTION_MS_MAX };

/** The SIP agent on its ports, asking the one judge. */
export class AgentService implements AsyncDisposable {
  readonly #ports: AgentServicePorts;
  readonly #options: AgentServiceOptions;
  readonly #scope = new AsyncDisposableStack();
  readonly #agent: Agent;
  readonly #log: StoreReader;
  readonly #snapshot: Snapshot;
  readonly #judge: Judge;
  readonly #peers: AgentPeers;
  readonly #counter = new AgentCounter();
  #listeners: SipListeners | undefined;
  #decisions: AgentDecision[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  readonly #outage: Outage;

  private constructor(
    ports: AgentServicePorts,
    options: AgentServiceOptions,
    log: StoreReader,
    plans: NumberingPlans,
  ) {
    this.#ports = ports;
    const names = { failed: 'agent_cannot_judge', over: 'agent_judges_again' };
    this.#outage = new Outage(ports.logger, 'warn', names);
    this.#options = options;
    this.#log = this.#scope.use(log);
    this.#snapshot = this.#scope.use(new Snapshot(log));
    const { evidence } = log;
    this.#judge = makeJudge({ clock: ports.clock, plans, evidence }, options.judge);
    this.#peers = new AgentPeers(ports, options.peers);
    const destination = options.destination && parseDestination(options.destination);
    assert(destination !== undefined || options.destination === undefined, 'destination_read');
    this.#agent = new Agent(
      { judge: (question, nowEpochUs) => this.#judgement(question, nowEpochUs) },
      {
        refusal: options.refusal,
        refusesWatched: options.refusesWatched,
        emergencyNumber: emergencyNumber(plans, options.judge.homeCountry),
        destination: destination || undefined,
        secret: options.secret,
      },
    );
  }

  /** Resolves when every port is open; throws `OperatingError` with nothing left open. */
  static async open(ports: AgentServicePorts, options: AgentServiceOptions): Promise<AgentService> {
    const plans = await NumberingPlans.load();
    const service = new AgentService(ports, options, StoreReader.open(options.dbFile), plans);
    return openOrClose(service, () => {
      warmUp(service.#agent, plans, ports.clock);
      return service.#listen();
    });
  }

  /** The current listening addresses. */
  get locals(): SipLocals {
    return this.#listeners?.locals ?? { udp: [], tcp: [], tls: [] };
  }

  get counters(): AgentCounters {
    const counters = this.#counter.counters({
      connections: this.#listeners?.connectionsCount ?? 0,
      connectionsExceeded: this.#listeners?.exceeded ?? NONE_EXCEEDED,
    });
    return {
      ...counters,
      strangers: counters.strangers + (this.#listeners?.strangersCount ?? 0),
    };
  }

  /** Closes the ports; peers that ask afterwards get no answer and let the call through. */
  async close(): Promise<void> {
    await this.#scope.disposeAsync();
    clearTimeout(this.#flushTimer);
    this.#flush();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #listen(): Promise<void> {
    const { addresses, tlsAddresses, certificate } = this.#options;
    const report = new ConnectionLimitReport(this.#ports.logger, CONNECTION_LIMITS);
    const listeners = await SipListeners.open(
      {
        logger: this.#ports.logger,
        onDatagram: (octets, source, socket) => this.#onDatagram(octets, source, socket),
        onFrame: (frame, connection) => this.#onFrame(frame, connection),
        onExceeded: (limit, address) => report.exceeded(limit, address),
        onEvidence: () => undefined, // A peer that connects and says nothing proves nothing.
        admits: (source) => this.#peers.admits(source),
      },
      {
        udp: addresses.map(({ address, port }) => ({
          addresses: [address],
          port,
          socketsPerAddress: 1,
          receiveOctets: AGENT_RECEIVE_OCTETS,
        })),
        tcp: addresses,
        tls: tlsAddresses,
        certificate,
        reusePort: false,
        connections: {
          max: AGENT_CONNECTIONS_MAX,
          perSourceMax: AGENT_CONNECTIONS_PER_PEER_MAX,
        },
        streamLimits: STREAM_LIMITS,
      },
    );
    this.#listeners = this.#scope.use(listeners);
    const { logger } = this.#ports;
    const onDropped = (count: number): void => void (this.#counter.droppedCount += count);
    this.#scope.use(
      new KernelDropWatch({
        logger,
        socket: 'agent',
        take: () => listeners.takeKernelDrops(),
        onDropped,
      }),
    );
  }

  #onDatagram(octets: Uint8Array, source: Endpoint, socket: UdpSocket): void {
    if (!this.#peers.admits(source.address)) {
      this.#counter.strangersCount += 1;
      return;
    }
    const { reply, replyPort } = this.#receive({ octets, transport: 'UDP', source });
    if (reply === undefined) return;
    // The zone of a link-local source is that of our own address.
    const to =
      replyPort === source.port
        ? source
        : { ...socket.local, address: source.address, port: replyPort };
    if (isRepliable(to, socket.local, socket.own)) socket.send(reply, to);
    else this.#counter.repliesWithheldCount += 1;
  }

  #onFrame(frame: Frame, connection: StreamConnection): void {
    if (frame.kind === 'ping') {
      // RFC 5626 §4.4.1: a ping of two line ends is answered by one.
      connection.send(latin1Octets('\r\n'));
    } else if (frame.kind === 'message' && !frame.isUnfinished && !connection.isPlainOnTls) {
      const { transport, source } = connection;
      const { reply } = this.#receive({ octets: frame.octets, transport, source });
      if (reply !== undefined) connection.send(reply);
    }
  }

  #receive(from: Pick<Asked, 'octets' | 'transport'> & { readonly source: Endpoint }): Answer {
    const { octets, transport, source } = from;
    const answer = this.#agent.receive({
      octets,
      transport,
      sourceIp: source.address,
      sourcePort: source.port,
      epochUs: this.#ports.clock.epochUs(),
    });
    this.#counter.add(answer);
    if (answer.decision !== undefined) {
      this.#decisions.push(answer.decision);
      this.#flushTimer ??= setTimeout(this.#flush, AGENT_FLUSH_MS);
    }
    return answer;
  }

  readonly #flush = (): void => {
    this.#flushTimer = undefined;
    if (this.#decisions.length === 0) return;
    this.#ports.onDecisions(this.#decisions);
    this.#decisions = [];
  };

  /** `undefined` if the database cannot be read now: the asker decides alone. */
  #judgement(...question: Parameters<Judge['judge']>): Judgement | undefined {
    try {
      const judgement = this.#snapshot.read(() =>
        this.#log.ask(() => this.#judge.judge(...question)),
      );
      this.#outage.over();
      return judgement;
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#snapshot.end();
      this.#outage.failed({ code: error.code, why: error.message });
      return undefined;
    }
  }
}

/** 911 where numbers are North American, 112 elsewhere: what every mobile network accepts (3GPP TS 22.101 §10.1). */
function emergencyNumber(plans: NumberingPlans, homeCountry: string | undefined): string {
  const isNorthAmerican =
    homeCountry !== undefined && plans.home(homeCountry)?.callingCode === NORTH_AMERICA;
  return isNorthAmerican ? '911' : '112';
}

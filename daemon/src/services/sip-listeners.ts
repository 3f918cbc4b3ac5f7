// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import { openOrClose, type Logger } from '@sentrypeer/kernel';
import {
  ConnectionQuota,
  machineAddresses,
  StreamListener,
  UdpListener,
  WebSocketFramer,
  type ConnectionLimit,
  type Frame,
  type OnDatagram,
  type StreamConnection,
  type StreamEvidence,
  type StreamLimits,
} from '@sentrypeer/net';
import { splitMessages, StreamFramer } from '@sentrypeer/sip';
import type { ListenAddress } from '../config/value-types.ts';

/** PEM. */
export interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

export interface SipListenersOptions {
  readonly udp: readonly {
    readonly addresses: 'all' | readonly string[];
    readonly port: number;
    /** Ports of the other bindings, which also belong to this program. */
    readonly otherPorts?: readonly number[];
    readonly socketsPerAddress: number;
    readonly receiveOctets?: number;
  }[];
  readonly tcp: readonly ListenAddress[];
  readonly tls: readonly ListenAddress[];
  /** Required if `tls` is not empty. */
  readonly certificate: CertificateAndKey | undefined;
  /** Share the ports with listeners in other threads. */
  readonly reusePort: boolean;
  /** TCP and TLS connections, in all and from one source. */
  readonly connections: { readonly max: number; readonly perSourceMax: number };
  /** Whether SIP is also accepted in WebSockets. @default false */
  readonly webSockets?: boolean;
  /** Values that differ from the limits of all streams. */
  readonly streamLimits?: Partial<StreamLimits>;
}

export interface SipListenersPorts {
  readonly logger: Logger;
  readonly onDatagram: OnDatagram;
  readonly onFrame: (frame: Frame, connection: StreamConnection) => void;
  /** Receives every contact over a stream that brought no message. */
  readonly onEvidence: (evidence: StreamEvidence) => void;
  /** Receives the address of each connection that was one too many. */
  readonly onExceeded: (limit: ConnectionLimit, address: string) => void;
  /** Whether an address may connect at all. @default all may */
  readonly admits?: (address: string) => boolean;
}

/** Listening addresses, by transport. */
export type SipLocals = Readonly<Record<'udp' | 'tcp' | 'tls', readonly Endpoint[]>>;

/** The SIP ports of one thread: UDP, TCP and TLS, with one quota for all connections. */
export class SipListeners implements AsyncDisposable {
  readonly #ports: SipListenersPorts;
  readonly #options: SipListenersOptions;
  readonly #quota: ConnectionQuota;
  readonly #scope = new AsyncDisposableStack();
  readonly #udp: UdpListener[] = [];
  readonly #tcp: StreamListener[] = [];
  readonly #tls: StreamListener[] = [];

  private constructor(ports: SipListenersPorts, options: SipListenersOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#quota = new ConnectionQuota({
      ...options.connections,
      onExceeded: ports.onExceeded,
    });
  }

  /** Resolves when every port is open; throws `OperatingError` with nothing left open. */
  static open(ports: SipListenersPorts, options: SipListenersOptions): Promise<SipListeners> {
    const listeners = new SipListeners(ports, options);
    return openOrClose(listeners, () => listeners.#open());
  }

  get locals(): SipLocals {
    return {
      udp: this.#udp.flatMap((listener) => listener.locals()),
      tcp: this.#tcp.map(({ local }) => local),
      tls: this.#tls.map(({ local }) => local),
    };
  }

  /** TCP and TLS connections that are open now. */
  get connectionsCount(): number {
    return this.#quota.count;
  }

  /** How often each limit on connections was exceeded. */
  get exceeded(): Readonly<Record<ConnectionLimit, number>> {
    return this.#quota.exceeded;
  }

  /** Connections that `admits` refused. */
  get strangersCount(): number {
    return [...this.#tcp, ...this.#tls]
      .map((listener) => listener.counts().refusedStrangersCount)
      .reduce((sum, count) => sum + count, 0);
  }

  /** Datagrams that the kernel dropped since the last call. */
  async takeKernelDrops(): Promise<number> {
    let count = 0;
    for (const listener of this.#udp) count += await listener.takeKernelDrops();
    return count;
  }

  /**
   * Stops accepting new datagrams; resolves with whether the system did so for every socket. See `UdpListener.hush`.
   */
  async hush(): Promise<boolean> {
    const hushed = await Promise.all(this.#udp.map((listener) => listener.hush()));
    return hushed.every((isHushed) => isHushed);
  }

  close(): Promise<void> {
    return this.#scope.disposeAsync();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<void> {
    const { udp, tcp, tls, reusePort, certificate } = this.#options;
    const { logger, onDatagram } = this.#ports;
    for (const binding of udp) {
      const listener = await UdpListener.open(
        { logger, listAddresses: machineAddresses },
        { ...binding, reusePort },
        onDatagram,
      );
      this.#udp.push(this.#scope.use(listener));
    }
    for (const address of tcp) this.#tcp.push(await this.#openStream(address));
    for (const address of tls) this.#tls.push(await this.#openStream(address, certificate));
  }

  async #openStream(
    { address, port }: ListenAddress,
    tls?: CertificateAndKey,
  ): Promise<StreamListener> {
    const { onEvidence, onFrame, admits } = this.#ports;
    const { reusePort, streamLimits, webSockets } = this.#options;
    const listener = await StreamListener.open(
      { onEvidence, quota: this.#quota, ...(admits && { admits }) },
      {
        host: address,
        port,
        reusePort,
        ...(streamLimits && { limits: streamLimits }),
        ...(tls && { tls }),
      },
      () => {
        const framer = new StreamFramer();
        return webSockets === true ? new WebSocketFramer(framer, splitMessages) : framer;
      },
      onFrame,
    );
    return this.#scope.use(listener);
  }
}

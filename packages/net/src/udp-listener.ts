// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIpv6, zonedAddress, type Endpoint } from '@sentrypeer/ip';
import { assert, errorCode, openOrClose, type Logger } from '@sentrypeer/kernel';
import { bindFailure } from './bind-failure.ts';
import { bindUdp } from '@sentrypeer/ip/udp';
import { KernelDrops } from './kernel-drops.ts';
import {
  ADDRESSES_FOLLOW_MS,
  UDP_ADDRESSES_MAX,
  UDP_RECEIVE_BUFFER_OCTETS,
  UDP_SOCKETS_PER_ADDRESS_MAX,
} from './limits.ts';
import type { LocalAddress } from './local-addresses.ts';
import { UdpSocket, type OnDatagram, type UdpCounts, type UdpShared } from './udp-socket.ts';

export interface UdpPorts {
  readonly logger: Logger;
  /** The machine's addresses as they are now, normally `machineAddresses`. */
  readonly listAddresses: () => readonly LocalAddress[];
}

export interface UdpOptions {
  /** Bare addresses; `0.0.0.0` and `::` stand for all addresses of their family, `'all'` for both. */
  readonly addresses: 'all' | readonly string[];
  /** 0 takes a free port for the first socket, and the same one for all others. */
  readonly port: number;
  /** Ports of other UDP listeners of this program on the same addresses. @default none */
  readonly otherPorts?: readonly number[];
  /** Share the port with other sockets, here and in other threads; see `assertPortFree`. */
  readonly reusePort: boolean;
  /** The kernel spreads flows over them, and each has its own receive buffer; above 1 only with `reusePort`. */
  readonly socketsPerAddress: number;
  /**
   * Receive buffer of each socket, in octets. It bounds how much may wait, and so the delay under overload. The kernel
   * drops the rest, which is counted. @default UDP_RECEIVE_BUFFER_OCTETS
   */
  readonly receiveOctets?: number;
  /** @default ADDRESSES_FOLLOW_MS */
  readonly followMs?: number;
}

const ALL_IPV4 = '0.0.0.0';
const ALL_IPV6 = '::';

/** An address that gets sockets. */
interface Wanted extends LocalAddress {
  /** Named by the operator, so it must exist at start, and its socket stays open if it disappears for a while. */
  readonly named: boolean;
}

/**
 * UDP on one port of many local addresses: a socket (or several) for each, so that the destination of a datagram is
 * known and answers leave from it. Addresses that come and go are followed.
 */
export class UdpListener implements AsyncDisposable {
  readonly #ports: UdpPorts;
  readonly #options: UdpOptions;
  readonly #onDatagram: OnDatagram;
  readonly #shared: UdpShared;
  readonly #kernelDrops = new KernelDrops();
  /** Keyed by zoned address. */
  readonly #open = new Map<string, readonly UdpSocket[]>();
  /** Addresses that could not be opened at the last check, so that each is logged once. */
  #failing: ReadonlySet<string> = new Set();
  #port: number;
  #timer: NodeJS.Timeout | undefined;
  #following: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #isHushed = false;

  private constructor(ports: UdpPorts, options: UdpOptions, onDatagram: OnDatagram) {
    const { socketsPerAddress, reusePort } = options;
    assert(
      socketsPerAddress >= 1 && socketsPerAddress <= UDP_SOCKETS_PER_ADDRESS_MAX,
      'udp_sockets_per_address',
    );
    assert(socketsPerAddress === 1 || reusePort, 'udp_sockets_share_port');
    this.#ports = ports;
    this.#options = options;
    this.#onDatagram = onDatagram;
    this.#port = options.port;
    this.#shared = {
      counts: { sendFailed: 0, sendDropped: 0, receiveFailed: 0 },
      own: { addresses: new Set(), broadcasts: new Set(), udpPorts: this.#ownPorts() },
    };
  }

  /**
   * Resolves when every address is bound; throws `OperatingError` with nothing left open.
   *
   * @param onDatagram May be called before this resolves: the first socket receives while others open.
   */
  static async open(
    ports: UdpPorts,
    options: UdpOptions,
    onDatagram: OnDatagram,
  ): Promise<UdpListener> {
    const listener = new UdpListener(ports, options, onDatagram);
    await openOrClose(listener, async () => {
      const wanted = listener.#look();
      for (const each of wanted) await listener.#openFirst(each);
      if (wanted.length === UDP_ADDRESSES_MAX)
        ports.logger.warn('udp_addresses_limit', { count: UDP_ADDRESSES_MAX });
    });
    listener.#timer = setInterval(
      () => (listener.#following = listener.#following.then(() => listener.#follow())),
      options.followMs ?? ADDRESSES_FOLLOW_MS,
    );
    return listener;
  }

  /** The current sockets, one for each address. */
  locals(): readonly Endpoint[] {
    return [...this.#open.values()].flatMap(([socket]) =>
      socket === undefined ? [] : [socket.local],
    );
  }

  counts(): Readonly<UdpCounts> {
    return { ...this.#shared.counts };
  }

  /**
   * Datagrams that the kernel dropped since the last call because they came faster than they were read, for all threads
   * that share the port. Always 0 if the system does not report them, see `hasSocketTables`.
   */
  takeKernelDrops(): Promise<number> {
    return this.#kernelDrops.take(this.locals());
  }

  /**
   * Stops accepting datagrams for good; those that the system has already received are still delivered. Resolves with
   * whether every socket did so, see `UdpSocket.hush`.
   */
  async hush(): Promise<boolean> {
    this.#isHushed = true;
    clearInterval(this.#timer);
    await this.#following;
    const sockets = [...this.#open.values()].flat();
    const hushed = await Promise.all(sockets.map((socket) => socket.hush()));
    return hushed.every((isHushed) => isHushed);
  }

  /** Resolves when all sockets are gone; no datagram is delivered after the call. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    const gone = [...this.#open.values()].flat().map((socket) => socket.close());
    await this.#following;
    const late = [...this.#open.values()].flat().map((socket) => socket.close());
    this.#open.clear();
    await Promise.all([...gone, ...late]);
  }

  /** Reads the machine's addresses and says which of them get sockets. */
  #look(): readonly Wanted[] {
    const machine = this.#ports.listAddresses();
    this.#shared.own = {
      addresses: new Set(machine.map(({ address }) => address)),
      broadcasts: new Set(machine.flatMap(({ broadcast }) => broadcast ?? [])),
      udpPorts: this.#ownPorts(),
    };
    return wantedAddresses(this.#options.addresses, machine).slice(0, UDP_ADDRESSES_MAX);
  }

  /** Like `#look()`, but a failure leaves everything as it is. */
  #lookAgain(): readonly Wanted[] | undefined {
    try {
      return this.#look();
    } catch (error) {
      this.#ports.logger.warn('udp_addresses_unreadable', { error: String(error) });
      return undefined;
    }
  }

  async #openFirst(wanted: Wanted): Promise<void> {
    try {
      await this.#openAddress(wanted);
    } catch (error) {
      const { address } = wanted;
      // An address may be gone again, or be an IPv6 one that is still being checked: the next look retries.
      if (!wanted.named && errorCode(error) === 'EADDRNOTAVAIL') return;
      throw await bindFailure(error, { transport: 'UDP', address, port: this.#port });
    }
  }

  async #openAddress(wanted: Wanted): Promise<void> {
    const { reusePort, socketsPerAddress, receiveOctets } = this.#options;
    const octets = receiveOctets ?? UDP_RECEIVE_BUFFER_OCTETS;
    const address = zonedAddress(wanted);
    const sockets: UdpSocket[] = [];
    this.#open.set(address, sockets); // Sockets opened before a failure are found and closed through here.
    try {
      for (let index = 0; index < socketsPerAddress; index += 1) {
        const socket = await bindUdp({ address, port: this.#port, reusePort });
        if (this.#port === 0) this.#takePort(socket.address().port);
        const { address: bare, zone } = wanted;
        const local = { address: bare, port: this.#port, ...(zone === undefined ? {} : { zone }) };
        sockets.push(new UdpSocket(socket, local, this.#shared, this.#onDatagram, octets));
      }
    } catch (error) {
      this.#open.delete(address);
      await Promise.all(sockets.map((socket) => socket.close()));
      throw error;
    }
  }

  #takePort(port: number): void {
    this.#port = port;
    this.#shared.own = { ...this.#shared.own, udpPorts: this.#ownPorts() };
  }

  #ownPorts(): ReadonlySet<number> {
    return new Set([this.#port, ...(this.#options.otherPorts ?? [])]);
  }

  async #follow(): Promise<void> {
    if (this.#closing !== undefined || this.#isHushed) return;
    const looked = this.#lookAgain();
    if (looked === undefined) return;
    const wanted = new Map(looked.map((each) => [zonedAddress(each), each]));
    for (const [address, sockets] of this.#open) {
      if (wanted.has(address)) continue;
      this.#open.delete(address);
      this.#ports.logger.info('udp_address_gone', { address });
      await Promise.all(sockets.map((socket) => socket.close()));
    }
    const failing = new Set<string>();
    for (const [address, each] of wanted) {
      if (this.#open.has(address) || this.#closing !== undefined || this.#isHushed) continue;
      try {
        await this.#openAddress(each);
        // The failure was a warning, so its end is a warning too.
        const level = this.#failing.has(address) ? 'warn' : 'info';
        this.#ports.logger[level]('udp_address_new', { address });
      } catch (error) {
        failing.add(address);
        if (!this.#failing.has(address))
          this.#ports.logger.warn('udp_address_failed', { address, code: errorCode(error) });
      }
    }
    this.#failing = failing;
  }
}

/** The addresses of the machine that the option means, each once; named ones come first. */
function wantedAddresses(
  addresses: UdpOptions['addresses'],
  machine: readonly LocalAddress[],
): readonly Wanted[] {
  const words = addresses === 'all' ? [ALL_IPV4, ALL_IPV6] : addresses;
  const wanted = new Map<string, Wanted>();
  for (const word of words) {
    if (word === ALL_IPV4 || word === ALL_IPV6) continue;
    const local = machine.find(({ address }) => address === word) ?? { address: word };
    wanted.set(zonedAddress(local), { ...local, named: true });
  }
  for (const local of machine) {
    const word = isIpv6(local.address) ? ALL_IPV6 : ALL_IPV4;
    const key = zonedAddress(local);
    if (words.includes(word) && !wanted.has(key)) wanted.set(key, { ...local, named: false });
  }
  return [...wanted.values()];
}

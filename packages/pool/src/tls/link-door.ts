// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import {
  connect,
  createServer,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls';
import { asBuffer } from '@sentrypeer/bytes';
import { nodeIdOfKey } from '@sentrypeer/event';
import { canonicalAddress, endpointOf, familyOf, isIpv6 } from '@sentrypeer/ip';
import { errorCode, OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { PUBLIC_KEY_SIZE, type Signer } from '../ed25519.ts';
import type { Exchange } from '../link/exchange.ts';
import { PROOF_SIZE } from '../link/hello.ts';
import type { Link } from '../link/link.ts';
import { HANDSHAKES_OPEN_MAX, HELLO_MS_MAX, LINKS_IN_MAX } from '../limits.ts';
import { nodeCertificate } from './certificate.ts';
import { Handshakes } from './handshakes.ts';
import { hasRoomFor } from './room.ts';

/** Where to reach a node. */
export interface LinkTarget {
  readonly host: string;
  readonly port: number;
  /** Its key in hexadecimal, if known. */
  readonly key: string | undefined;
}

/** The outcome of a call. */
export type CallResult =
  /** `ended` says whether the other end had said a valid hello. */
  | { readonly kind: 'linked'; readonly ended: Promise<boolean> }
  | { readonly kind: 'failed'; readonly why: string };

export interface LinkDoorPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly exchange: Exchange;
}

export interface LinkDoorOptions {
  readonly signer: Signer;
  /** The node's private key, PEM. */
  readonly privateKeyPem: string;
  /** Where to listen; each address separately. */
  readonly locals: readonly { readonly address: string; readonly port: number }[];
  /** Local addresses to dial from, at most one per family, which others then see. @default as the system routes */
  readonly callsFrom?: readonly string[];
  /** The shared key of a closed pool, 32 octets. @default none: an open pool */
  readonly poolKey?: Uint8Array;
  /** Milliseconds for a connection and TLS. @default HELLO_MS_MAX */
  readonly helloMs?: number;
  /** Milliseconds for the other end to take what is left of a link that ends. @default HELLO_MS_MAX */
  readonly lingerMs?: number;
}

const PROTOCOL = 'sentrypeer-pool/1';
const EXPORTER = 'EXPORTER-sentrypeer-pool';
const KEEP_ALIVE_MS = 60_000;
const STOPPED: CallResult = { kind: 'failed', why: 'this node stops' };

/**
 * Links over TCP and TLS 1.3. Both ends show a certificate of their own node's key, which TLS makes them prove; nobody
 * vouches for it, because a node is known by its key.
 */
export class LinkDoor implements AsyncDisposable {
  readonly #ports: LinkDoorPorts;
  readonly #options: LinkDoorOptions;
  readonly #context: SecureContextOptions;
  readonly #servers: Server[] = [];
  /** All connections, including those that have not proved a key yet. */
  readonly #sockets = new Set<Socket>();
  readonly #helloMs: number;
  readonly #handshakes: Handshakes;
  readonly #closing = new AbortController();

  private constructor(ports: LinkDoorPorts, options: LinkDoorOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#helloMs = options.helloMs ?? HELLO_MS_MAX;
    this.#context = {
      cert: nodeCertificate(options.signer),
      key: options.privateKeyPem,
      minVersion: 'TLSv1.3',
      sigalgs: 'ed25519',
    };
    this.#handshakes = new Handshakes(ports.clock.nowMs());
  }

  /** Throws `OperatingError` with nothing left open. */
  static async open(ports: LinkDoorPorts, options: LinkDoorOptions): Promise<LinkDoor> {
    const door = new LinkDoor(ports, options);
    try {
      for (const local of options.locals) await door.#listen(local);
      return door;
    } catch (error) {
      await door[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Whether others can dial this node. */
  get isListening(): boolean {
    return this.#servers.length > 0;
  }

  /** Resolves when it is linked, or with the reason why it is not. Never rejects. */
  async call({ host, port, key }: LinkTarget): Promise<CallResult> {
    if (
      canonicalAddress(host) !== undefined &&
      this.#ports.exchange.isDistrusted({ nodeId: '', address: host })
    ) {
      return { kind: 'failed', why: 'its network is distrusted' };
    }
    const from = await this.#from(host);
    if (from === undefined) {
      return { kind: 'failed', why: 'no local address of its family is to be dialled from' };
    }
    const closing = this.#closing.signal;
    if (closing.aborted) return STOPPED;
    const socket = connect({
      ...this.#context,
      ...from,
      port,
      ALPNProtocols: [PROTOCOL],
      rejectUnauthorized: false,
    });
    this.#keep(socket);
    const deadline = AbortSignal.timeout(this.#helloMs);
    try {
      await once(socket, 'secureConnect', { signal: AbortSignal.any([deadline, closing]) });
    } catch (error) {
      socket.destroy();
      if (closing.aborted) return STOPPED;
      const why = deadline.aborted ? 'no answer in time' : (errorCode(error) ?? String(error));
      return { kind: 'failed', why };
    }
    if (this.#isDistrusted(socket)) {
      socket.destroy();
      return { kind: 'failed', why: 'it is distrusted, or its network is' };
    }
    const other = keyOf(socket);
    if (key !== undefined && other !== undefined && other.toHex() !== key) {
      socket.destroy();
      return { kind: 'failed', why: 'another key than the expected one answers' };
    }
    const link = this.#link(socket, true);
    if (link === undefined) return { kind: 'failed', why: 'there is such a link already' };
    return { kind: 'linked', ended: once(socket, 'close').then(() => link.wasReady) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map(async (server) => {
        const closed = once(server, 'close');
        server.close();
        await closed;
      }),
    );
  }

  /** Ends it together with this door. */
  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** What to dial, and from where; `undefined` if that is impossible. */
  async #from(
    host: string,
  ): Promise<{ readonly host: string; readonly localAddress?: string } | undefined> {
    const { callsFrom } = this.#options;
    if (callsFrom === undefined) return { host };
    const addresses = await addressesOf(host);
    for (const address of addresses) {
      const localAddress = callsFrom.find((local) => familyOf(local) === familyOf(address));
      if (localAddress !== undefined) return { host: address, localAddress };
    }
    // A name that is unknown now fails as it would without this.
    return addresses.length === 0 ? { host } : undefined;
  }

  async #listen({ address, port }: LinkDoorOptions['locals'][number]): Promise<void> {
    const server = createServer({
      ...this.#context,
      ALPNProtocols: [PROTOCOL],
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: this.#helloMs,
    });
    server.maxConnections = LINKS_IN_MAX + HANDSHAKES_OPEN_MAX;
    // Before TLS costs anything.
    server.prependListener('connection', (socket) => {
      this.#keep(socket);
      const end = endOf(socket);
      if (
        this.#isDistrusted(socket) ||
        !this.#handshakes.begin(end, addressOf(socket), this.#ports.clock.nowMs())
      ) {
        socket.destroy();
        return;
      }
      socket.once('close', () => this.#handshakes.end(end));
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      this.#handshakes.end(endOf(socket));
      socket.on('error', () => socket.destroy());
      if (
        socket.alpnProtocol !== PROTOCOL ||
        !hasRoomFor(addressOf(socket), this.#ports.exchange.peers) ||
        !this.#link(socket, false)
      ) {
        socket.destroy();
      }
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    try {
      const listening = once(server, 'listening');
      server.listen({ host: address, port, ipv6Only: isIpv6(address) });
      await listening;
    } catch (cause) {
      throw new OperatingError(
        'pool_port_taken',
        `TCP port ${port} of ${address} cannot be opened for links of the pool (${errorCode(cause) ?? String(cause)}): it is the port of the DHT node; free it, or choose another with --dht-port`,
        { cause },
      );
    }
    server.on('error', (error) => this.#ports.logger.warn('pool_links', { why: String(error) }));
    this.#servers.push(server);
  }

  /** Whether the operator wants no link with the node, as far as it is known yet. */
  #isDistrusted(socket: Socket | TLSSocket): boolean {
    const key = 'getPeerX509Certificate' in socket ? keyOf(socket) : undefined;
    const nodeId = key === undefined ? '' : nodeIdOfKey(key);
    return this.#ports.exchange.isDistrusted({ nodeId, address: addressOf(socket) });
  }

  /** @returns `undefined` if it is no link. */
  #link(socket: TLSSocket, isOutward: boolean): Link | undefined {
    const { clock, exchange } = this.#ports;
    const key = keyOf(socket);
    if (key === undefined || this.#closing.signal.aborted) return undefined;
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    const peer = {
      key: key.toHex(),
      nodeId: nodeIdOfKey(key),
      address: addressOf(socket),
      isOutward,
      sinceEpochUs: clock.epochUs(),
    };
    const wire = {
      get unsentOctets() {
        return socket.writableLength;
      },
      send: (octets: Uint8Array) => void (socket.writable && socket.write(octets)),
      close: () => {
        socket.end();
        // An end that does not read would never let it end.
        const late = setTimeout(() => socket.destroy(), this.#options.lingerMs ?? HELLO_MS_MAX);
        late.unref();
        socket.once('close', () => clearTimeout(late));
      },
    };
    const [own, theirs] = isOutward ? ['caller', 'called'] : ['called', 'caller'];
    const link = exchange.add(peer, wire, this.#proof(socket, own), this.#proof(socket, theirs));
    if (link === undefined) {
      socket.destroy();
      return undefined;
    }
    socket.on('data', (octets: Uint8Array) => link.receive(octets));
    socket.on('drain', () => link.drained());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => link.ended());
    return link;
  }

  /** Proves that an end of this very connection knows the shared key, RFC 8446 §7.5; zeros in an open pool. */
  #proof(socket: TLSSocket, role: string): Uint8Array {
    const { poolKey } = this.#options;
    if (poolKey === undefined) return new Uint8Array(PROOF_SIZE);
    const exported = socket.exportKeyingMaterial(PROOF_SIZE, EXPORTER, asBuffer(new Uint8Array()));
    return new Uint8Array(createHmac('sha256', poolKey).update(role).update(exported).digest());
  }
}

/** The raw Ed25519 key that the other end proved; `undefined` for other keys. */
function keyOf(socket: TLSSocket): Uint8Array | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate?.publicKey.asymmetricKeyType !== 'ed25519') return undefined;
  const { x = '' } = certificate.publicKey.export({ format: 'jwk' });
  const key = Uint8Array.fromBase64(x, { alphabet: 'base64url' });
  return key.length === PUBLIC_KEY_SIZE ? key : undefined;
}

/** An address is returned as it is; empty if a name is not known now. */
async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function addressOf(socket: Socket): string {
  return endpointOf(socket.remoteAddress ?? '', 0).address;
}

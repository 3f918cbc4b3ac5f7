// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Connection } from '@sentrypeer/bgp';
import { encodeCapabilities, type OfferedCapabilities } from '../src/wire/capabilities.ts';
import { AFI_SAFIS } from '../src/wire/afi-safi.ts';
import { MessageReader } from '../src/wire/message-reader.ts';
import { encodeKeepalive, MessageType } from '../src/wire/message.ts';
import { decodeNotification, notificationName } from '../src/wire/notification.ts';
import { encodeOpen } from '../src/wire/open.ts';
import type { World } from './world.ts';

export interface RawMessage {
  readonly type: number;
  readonly body: Uint8Array;
}

/** A neighbour that does nothing by itself. */
export class RawPeer {
  readonly messages: RawMessage[] = [];
  isConnected = false;
  isClosed = false;
  readonly #connection: Connection & { isReading: boolean };
  readonly #world: World;

  constructor(world: World, from: string, to: string) {
    this.#world = world;
    const reader = new MessageReader();
    this.#connection = world.dial(from, to, {
      onConnect: () => {
        this.isConnected = true;
      },
      onOctets: (octets) => {
        reader.push(octets, (type, body) => {
          this.messages.push({ type, body: new Uint8Array(body) });
          return true;
        });
      },
      onDrain: () => undefined,
      onClose: () => {
        this.isClosed = true;
      },
    });
  }

  get types(): readonly number[] {
    return this.messages.map(({ type }) => type);
  }

  get updates(): readonly Uint8Array[] {
    return this.messages.filter(({ type }) => type === MessageType.update).map(({ body }) => body);
  }

  /** The name of the NOTIFICATION that it got. */
  get notified(): string | undefined {
    const found = this.messages.find(({ type }) => type === MessageType.notification);
    return found && notificationName(decodeNotification(found.body));
  }

  async send(octets: Uint8Array): Promise<void> {
    this.#connection.write(octets);
    await this.#world.pass(2);
  }

  close(): void {
    this.#connection.destroy();
  }

  stopReading(): void {
    this.#connection.pause();
  }

  startReading(): void {
    this.#connection.resume();
  }

  /** Goes through OPEN and KEEPALIVE. */
  async establish(options: RawOpen = {}): Promise<void> {
    await this.#world.pass(2);
    await this.send(rawOpen(options));
    await this.send(encodeKeepalive());
  }
}

export interface RawOpen extends Partial<OfferedCapabilities> {
  readonly holdTimeS?: number;
  readonly routerId?: number;
  readonly capabilities?: Uint8Array;
}

/** The OPEN of AS 64999 with all that we know, unless said otherwise. */
export function rawOpen(options: RawOpen = {}): Uint8Array {
  const { asn = 64_999, holdTimeS = 90, routerId = 0x0a000002 } = options;
  const capabilities =
    options.capabilities ??
    encodeCapabilities({
      asn,
      families: AFI_SAFIS,
      extendedNextHop: true,
      extendedMessage: false,
      gracefulRestart: undefined,
      ...options,
    });
  return encodeOpen({ asn, holdTimeS, routerId, capabilities });
}

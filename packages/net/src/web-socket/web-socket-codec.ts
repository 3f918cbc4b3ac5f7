// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Receiver, Sender } from 'ws';
import type { Frame } from '../framer.ts';
import {
  WEB_SOCKET_CHUNKS_MAX,
  WEB_SOCKET_FRAGMENTS_MAX,
  WEB_SOCKET_MESSAGE_OCTETS_MAX,
  WEB_SOCKET_REFUSED_OCTETS_MAX,
} from '../limits.ts';

/** RFC 6455 §11.8. */
const Opcode = { text: 1, binary: 2, close: 8, pong: 10 } as const;
/** RFC 6455 §7.4.1, as two octets. */
const CLOSE_NORMAL = new Uint8Array([0x03, 0xe8]);
const CLOSE_PROTOCOL_ERROR = new Uint8Array([0x03, 0xea]);

/**
 * One WebSocket after its upgrade, the server's side (RFC 6455): octets in, frames out. One WebSocket message is one SIP
 * message (RFC 7118 §5). Reading frames is `ws`' business, within limits on octets, fragments and pieces.
 */
export class WebSocketCodec {
  readonly #receiver: Receiver;
  #frames: Frame[] = [];
  /** Octets since the last whole frame. */
  #waitingOctets = 0;
  /** The first of them. */
  #begun: Uint8Array = new Uint8Array(0);
  /** We answer with the opcode that the peer uses. */
  #opcode: number = Opcode.text;
  #isClosed = false;
  #farewell: Uint8Array | undefined = wrap(CLOSE_NORMAL, Opcode.close);

  constructor() {
    this.#receiver = new Receiver({
      isServer: true,
      maxPayload: WEB_SOCKET_MESSAGE_OCTETS_MAX,
      maxFragments: WEB_SOCKET_FRAGMENTS_MAX,
      maxBufferedChunks: WEB_SOCKET_CHUNKS_MAX,
      skipUTF8Validation: true, // What attackers send is recorded as it is.
    });
    this.#receiver.on('message', (octets, isBinary) => this.#onMessage(octets, isBinary));
    this.#receiver.on('ping', (octets) => this.#add(control(wrap(octets, Opcode.pong), false)));
    this.#receiver.on('pong', () => this.#add(control(undefined, false)));
    this.#receiver.on('conclude', () => this.#conclude());
    this.#receiver.on('error', () => undefined); // push() has handled it already.
  }

  get waitingOctets(): number {
    return this.#waitingOctets;
  }

  push(octets: Uint8Array): readonly Frame[] {
    if (this.#isClosed) return [];
    if (this.#waitingOctets === 0) {
      this.#begun = new Uint8Array(octets.subarray(0, WEB_SOCKET_REFUSED_OCTETS_MAX));
    }
    this.#waitingOctets += octets.length;
    this.#frames = [];
    this.#receiver.write(Buffer.from(octets)); // A copy, because the receiver keeps and unmasks it.
    if (this.#receiver.errored !== null) {
      this.#frames.push({ kind: 'refused', octets: this.#begun, code: 'web_socket_frame' });
      this.#isClosed = true;
      this.#farewell = wrap(CLOSE_PROTOCOL_ERROR, Opcode.close);
    }
    return this.#frames;
  }

  /** Returns what was read of a message that never ended, once. It is masked, so only its beginning is kept. */
  flush(): Frame | undefined {
    const isLost = !this.#isClosed && this.#waitingOctets > 0;
    this.#isClosed = true;
    return isLost
      ? { kind: 'refused', octets: this.#begun, code: 'web_socket_unfinished' }
      : undefined;
  }

  /** Puts a message of ours into a frame. */
  wrap(octets: Uint8Array): Uint8Array {
    return wrap(octets, this.#opcode);
  }

  /** RFC 6455 §5.5.1: sent before we end the connection. */
  get farewell(): Uint8Array | undefined {
    return this.#farewell;
  }

  #onMessage(octets: Uint8Array, isBinary: boolean): void {
    this.#opcode = isBinary ? Opcode.binary : Opcode.text;
    // RFC 7118 §6: keep-alives are those of RFC 5626, each in a separate message.
    if (octets.every(isLineEnd)) this.#add({ kind: 'ping' });
    else {
      const skipped = new Uint8Array(0);
      const isWhole = { close: false, isUnfinished: false };
      this.#add({ kind: 'message', octets, anomalies: [], skipped, ...isWhole });
    }
  }

  #add(frame: Frame): void {
    this.#waitingOctets = 0;
    this.#frames.push(frame);
  }

  /** The peer closes: we confirm it, and nothing follows. */
  #conclude(): void {
    this.#add(control(this.#farewell, true));
    this.#isClosed = true;
    this.#farewell = undefined;
  }
}

function control(reply: Uint8Array | undefined, close: boolean): Frame {
  return { kind: 'control', reply, close };
}

function wrap(octets: Uint8Array, opcode: number): Uint8Array {
  const options = { fin: true, rsv1: false, opcode, mask: false, readOnly: true } as const;
  return Buffer.concat(Sender.frame(octets, options));
}

function isLineEnd(octet: number): boolean {
  return octet === 0x0d || octet === 0x0a;
}

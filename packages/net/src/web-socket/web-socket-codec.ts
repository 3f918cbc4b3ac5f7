// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Frame, Framer } from '../framer.ts';
import { WEB_SOCKET_MESSAGE_OCTETS_MAX } from '../limits.ts';
import { OctetBuffer } from '../octet-buffer.ts';
import {
  FRAME_HEAD_OCTETS_MAX,
  frameHeadSize,
  isTextForFrame,
  Opcode,
  parseFrameHead,
  type FrameHead,
} from './frame-head.ts';

/** RFC 6455 §7.4.1, as two octets. */
const CLOSE_NORMAL = new Uint8Array([0x03, 0xe8]);
const CLOSE_PROTOCOL_ERROR = new Uint8Array([0x03, 0xea]);
const NOTHING = new Uint8Array(0);

/** A message whose last frame has not ended. */
interface Message {
  readonly opcode: number;
  /** The head of its first frame: all there is to record if nothing follows. */
  readonly head: Uint8Array;
  readonly octets: OctetBuffer;
  /** One of its frames breaks a rule, or it is too large. */
  readonly isFaulty: boolean;
}

/** Cuts the octets of one WebSocket message into the messages of the protocol in it, at least one. */
export type SplitMessages = (octets: Uint8Array) => readonly Uint8Array[];

/**
 * One WebSocket after its upgrade, the server's side (RFC 6455): octets in, frames out. One WebSocket message is one SIP
 * message (RFC 7118 §5); of several in one, each is handed over. What breaks the rules or never ends is handed over as
 * far as it came, to be recorded and not answered: a codec for well-behaved clients would throw it away.
 */
export class WebSocketCodec {
  /** For a peer that goes on without frames. */
  readonly #plain: Framer;
  readonly #split: SplitMessages;
  #isPlain = false;
  readonly #head = new Uint8Array(FRAME_HEAD_OCTETS_MAX);
  #headCount = 0;
  /** The frame whose payload is being read. */
  #frame: FrameHead | undefined;
  /** Octets of its payload that have come. */
  #payloadCount = 0;
  #message: Message | undefined;
  readonly #control = new OctetBuffer();
  #frames: Frame[] = [];
  /** We answer with the opcode that the peer uses. */
  #opcode: number = Opcode.text;
  /** What comes after this push is not read. */
  #isOver = false;
  #isClosed = false;
  #farewell: Uint8Array | undefined = wrap(CLOSE_NORMAL, Opcode.close);

  constructor(plain: Framer, split: SplitMessages) {
    this.#plain = plain;
    this.#split = split;
  }

  /** Octets kept of what is not complete. */
  get waitingOctets(): number {
    if (this.#isPlain) return this.#plain.waitingOctets;
    const ofMessage = (this.#message?.octets.size ?? 0) + (this.#message?.head.length ?? 0);
    return this.#headCount + this.#control.size + ofMessage;
  }

  push(octets: Uint8Array): readonly Frame[] {
    if (this.#isClosed) return [];
    this.#frames = [];
    for (let at = 0; at < octets.length;) at += this.#take(octets.subarray(at));
    if (!this.#isOver) return this.#frames;
    // Everything that came in this piece is handed over before the connection ends.
    for (const rest of this.flush()) this.#frames.push(goingOn(rest));
    this.#frames.push(control(undefined, true));
    return this.#frames;
  }

  /** Returns what came of a message that never ended, once. */
  flush(): readonly Frame[] {
    if (this.#isClosed) return [];
    this.#isClosed = true;
    if (this.#isPlain) return this.#plain.flush().flatMap(astray);
    const head = this.#head.subarray(0, this.#headCount);
    const message = this.#message;
    this.#headCount = 0;
    this.#message = undefined;
    if (message !== undefined) return this.#unfinished(message);
    // Half a head, or half a Ping.
    const begun = { opcode: Opcode.text, head, octets: this.#control, isFaulty: this.#isOver };
    return head.length === 0 ? [] : this.#unfinished(begun);
  }

  /** Puts a message of ours into a frame. */
  wrap(octets: Uint8Array): Uint8Array {
    return wrap(octets, this.#opcode);
  }

  /** RFC 6455 §5.5.1: sent before we end the connection. */
  get farewell(): Uint8Array | undefined {
    return this.#farewell;
  }

  /** Takes some of the octets. @returns How many. */
  #take(octets: Uint8Array): number {
    if (this.#isPlain) return this.#takePlain(octets);
    return this.#frame === undefined ? this.#takeHead(octets) : this.#takePayload(octets);
  }

  #takeHead(octets: Uint8Array): number {
    const wanted = frameHeadSize(this.#head.subarray(0, this.#headCount));
    const taken = octets.subarray(0, wanted - this.#headCount);
    this.#head.set(taken, this.#headCount);
    this.#headCount += taken.length;
    const head = this.#head.subarray(0, this.#headCount);
    if (head.length === 2 && isTextForFrame(head)) this.#leaveFrames(head);
    else if (head.length >= 2 && head.length === frameHeadSize(head)) this.#begin(head);
    return taken.length;
  }

  #begin(octets: Uint8Array): void {
    const head = parseFrameHead(octets);
    this.#frame = head;
    this.#payloadCount = 0;
    if (!head.isControl) this.#beginData(head, octets);
    if (head.payloadSize === 0) this.#endFrame(head);
  }

  /** RFC 6455 §5.4: a message is a frame of text or binary, and continuations until one is final. */
  #beginData(head: FrameHead, octets: Uint8Array): void {
    const isContinuation = head.opcode === Opcode.continuation;
    const isOutOfPlace = isContinuation === (this.#message === undefined);
    if (!isContinuation) this.#breakOff();
    const message = this.#message ?? {
      opcode: head.opcode,
      head: new Uint8Array(octets),
      octets: new OctetBuffer(),
      isFaulty: this.#isOver,
    };
    const isTooLarge = message.octets.size + head.payloadSize > WEB_SOCKET_MESSAGE_OCTETS_MAX;
    const isFaulty = message.isFaulty || head.isFaulty || isOutOfPlace || isTooLarge;
    this.#message = { ...message, isFaulty };
  }

  #takePayload(octets: Uint8Array): number {
    const head = this.#frame;
    if (head === undefined) return octets.length;
    const taken = octets.subarray(0, head.payloadSize - this.#payloadCount);
    const { mask } = head;
    const clear = mask === undefined ? taken : unmasked(taken, mask, this.#payloadCount);
    this.#payloadCount += taken.length;
    const into = head.isControl ? this.#control : this.#message?.octets;
    const room = WEB_SOCKET_MESSAGE_OCTETS_MAX - (into?.size ?? 0);
    into?.append(clear.subarray(0, room));
    if (clear.length > room) {
      this.#frame = undefined;
      this.#headCount = 0;
      this.#endMessage();
      return octets.length; // What follows is still part of it.
    }
    if (this.#payloadCount === head.payloadSize) this.#endFrame(head);
    return taken.length;
  }

  #endFrame(head: FrameHead): void {
    this.#frame = undefined;
    this.#headCount = 0;
    if (head.isControl) this.#endControl(head.opcode, this.#control.take());
    else if (head.isFinal) this.#endMessage();
  }

  #endControl(opcode: number, octets: Uint8Array): void {
    if (opcode === Opcode.close) this.#conclude();
    else if (opcode === Opcode.ping) {
      this.#frames.push(control(wrap(octets, Opcode.pong), false));
    } else this.#frames.push(control(undefined, false));
  }

  #endMessage(): void {
    const message = this.#message;
    if (message === undefined) return;
    this.#message = undefined;
    if (message.isFaulty) {
      this.#frames.push(...this.#messages(said(message), ['web_socket_frame'], true).map(goingOn));
      this.#fail();
      return;
    }
    this.#opcode = message.opcode;
    const octets = message.octets.take();
    // RFC 7118 §6: keep-alives are those of RFC 5626, each in a separate message.
    if (octets.every(isLineEnd)) this.#frames.push({ kind: 'ping' });
    else this.#frames.push(...this.#messages(octets, [], false));
  }

  /** Something else comes in the place of the rest of a message. */
  #breakOff(): void {
    const message = this.#message;
    this.#message = undefined;
    if (message !== undefined) this.#frames.push(...this.#unfinished(message).map(goingOn));
  }

  #unfinished(message: Message): readonly Frame[] {
    const ofFrame = message.isFaulty ? ['web_socket_frame'] : [];
    return this.#messages(said(message), [...ofFrame, 'web_socket_unfinished'], true);
  }

  /** What came as one message. After one that is cut off or breaks the rules, nothing else can be read. */
  #messages(octets: Uint8Array, anomalies: readonly string[], isCut: boolean): readonly Frame[] {
    const parts = this.#split(octets);
    const codes = parts.length === 1 ? anomalies : [...anomalies, 'web_socket_messages'];
    return parts.map((part, index) => ({
      kind: 'message',
      octets: part,
      anomalies: codes,
      skipped: NOTHING,
      close: isCut && index === parts.length - 1,
      isUnfinished: isCut,
    }));
  }

  /** The peer closes, and we confirm it. */
  #conclude(): void {
    this.#breakOff();
    this.#frames.push(control(this.#farewell, false));
    this.#farewell = undefined;
    this.#isOver = true;
  }

  #fail(): void {
    if (!this.#isOver) this.#farewell = wrap(CLOSE_PROTOCOL_ERROR, Opcode.close);
    this.#isOver = true;
  }

  /** Text in the place of a frame: the peer speaks SIP without frames. */
  #leaveFrames(octets: Uint8Array): void {
    this.#breakOff();
    this.#isPlain = true;
    this.#headCount = 0;
    this.#takePlain(new Uint8Array(octets));
  }

  #takePlain(octets: Uint8Array): number {
    for (const frame of this.#plain.push(octets)) {
      for (const read of astray(frame)) {
        this.#frames.push(goingOn(read));
        this.#fail();
      }
    }
    return octets.length;
  }
}

/** What came of the payload, or else of the frame. */
function said({ octets, head }: Message): Uint8Array {
  return octets.size === 0 ? head : octets.take();
}

/** What came without frames. Nothing of it is answered, not even a keep-alive. */
function astray(frame: Frame): readonly Frame[] {
  const code = 'web_socket_frame';
  if (frame.kind === 'refused') return [{ ...frame, code }];
  if (frame.kind !== 'message') return [];
  return [{ ...frame, anomalies: [code, ...frame.anomalies], isUnfinished: true }];
}

/** The same, and what follows in the same piece is read as well. */
function goingOn(frame: Frame): Frame {
  return frame.kind === 'message' ? { ...frame, close: false } : frame;
}

function control(reply: Uint8Array | undefined, close: boolean): Frame {
  return { kind: 'control', reply, close };
}

/** A whole message, or a control frame, as servers send it: in one frame, without a mask. */
function wrap(octets: Uint8Array, opcode: number): Uint8Array {
  const { length } = octets;
  const size =
    length < 126
      ? [length]
      : length < 65_536
        ? [126, length >> 8, length & 0xff]
        : [127, 0, 0, 0, 0];
  if (length >= 65_536)
    size.push(length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
  const frame = new Uint8Array(1 + size.length + length);
  frame.set([0x80 | opcode, ...size]);
  frame.set(octets, 1 + size.length);
  return frame;
}

/** RFC 6455 §5.3. @param at Where in the payload the octets begin. */
function unmasked(octets: Uint8Array, mask: Uint8Array, at: number): Uint8Array {
  return octets.map((octet, index) => octet ^ (mask[(at + index) & 3] ?? 0));
}

function isLineEnd(octet: number): boolean {
  return octet === 0x0d || octet === 0x0a;
}

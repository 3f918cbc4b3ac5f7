// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import type { Frame, Framer } from '../framer.ts';
import { UPGRADE_HEAD_OCTETS_MAX } from '../limits.ts';
import { isOfPage, upgradeAnswer } from './upgrade.ts';
import { WebSocketCodec, type SplitMessages } from './web-socket-codec.ts';

const METHOD = 'GET ';
const HEAD_END = '\r\n\r\n';

/**
 * A framer for a port that takes SIP plainly or, after an HTTP request that asks for it, in a WebSocket (RFC 7118).
 * Anything else, including other HTTP, goes to the inner framer.
 */
export class WebSocketFramer implements Framer {
  readonly #inner: Framer;
  readonly #split: SplitMessages;
  #codec: WebSocketCodec | undefined;
  /** What has come so far of a possible upgrade request, Latin-1; `undefined` once it is decided. */
  #head: string | undefined = '';

  #isFromPage = false;

  constructor(inner: Framer, split: SplitMessages) {
    this.#inner = inner;
    this.#split = split;
  }

  get midMessage(): boolean {
    return this.waitingOctets > 0;
  }

  get waitingOctets(): number {
    return this.#codec?.waitingOctets ?? this.#head?.length ?? this.#inner.waitingOctets;
  }

  /** Whether messages come in a WebSocket. */
  get isWebSocket(): boolean {
    return this.#codec !== undefined;
  }

  get isFromPage(): boolean {
    return this.#isFromPage;
  }

  push(octets: Uint8Array): readonly Frame[] {
    if (this.#codec !== undefined) return this.#codec.push(octets);
    if (this.#head === undefined) return this.#inner.push(octets);
    const head = this.#head + latin1Text(octets);
    const start = head.slice(0, METHOD.length);
    const end = head.indexOf(HEAD_END);
    const isOver = end !== -1 || head.length > UPGRADE_HEAD_OCTETS_MAX;
    if (METHOD.startsWith(start) && !isOver) {
      this.#head = head;
      return [];
    }
    const isRequest = start === METHOD && end !== -1 && end <= UPGRADE_HEAD_OCTETS_MAX;
    const request = isRequest ? head.slice(0, end + HEAD_END.length) : '';
    const answer = isRequest ? upgradeAnswer(request) : undefined;
    this.#head = undefined;
    if (answer === undefined) return this.#inner.push(latin1Octets(head));
    const codec = new WebSocketCodec(this.#inner, this.#split);
    this.#codec = codec;
    this.#isFromPage = isOfPage(request);
    const upgrade: Frame = {
      kind: 'upgrade',
      octets: latin1Octets(request),
      reply: latin1Octets(answer),
    };
    const rest = head.slice(request.length);
    return rest === '' ? [upgrade] : [upgrade, ...codec.push(latin1Octets(rest))];
  }

  flush(): readonly Frame[] {
    if (this.#codec !== undefined) return this.#codec.flush();
    const head = this.#head ?? '';
    this.#head = undefined;
    const frames = head === '' ? [] : this.#inner.push(latin1Octets(head));
    return [...frames, ...this.#inner.flush()];
  }

  wrap(octets: Uint8Array): Uint8Array {
    return this.#codec?.wrap(octets) ?? octets;
  }

  get farewell(): Uint8Array | undefined {
    return this.#codec?.farewell;
  }
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** One unit that a framer found in a stream. Octets are borrowed for the duration of the call. */
export type Frame =
  | {
      readonly kind: 'message';
      readonly octets: Uint8Array;
      readonly anomalies: readonly string[];
      /** The stream cannot be read after this message: answer it, then close. */
      readonly close: boolean;
      /** It was cut off or broke the rules of its transport, and must not be answered. */
      readonly isUnfinished: boolean;
      /** The first octets before it that belong to no message; empty if there were none. */
      readonly skipped: Uint8Array;
    }
  /** These octets asked for another protocol, which the connection speaks from now on; `reply` confirms it. */
  | { readonly kind: 'upgrade'; readonly octets: Uint8Array; readonly reply: Uint8Array }
  /** Concerns only the connection and the framer. */
  | { readonly kind: 'control'; readonly reply: Uint8Array | undefined; readonly close: boolean }
  /** A keep-alive that expects an answer. */
  | { readonly kind: 'ping' }
  /** Not a message of the protocol; the connection is closed. */
  | { readonly kind: 'refused'; readonly octets: Uint8Array; readonly code: string };

/** Cuts the octets of one connection into frames. */
export interface Framer {
  /** @param octets Borrowed: the framer copies what it keeps. */
  push(octets: Uint8Array): readonly Frame[];
  /** Returns what was read of unfinished messages, once; then nothing. */
  flush(): readonly Frame[];
  /** Whether a message has begun and not ended. */
  readonly midMessage: boolean;
  /** Octets kept until the rest of a message arrives. */
  readonly waitingOctets: number;
  /** Whether messages come in a WebSocket. @default false */
  readonly isWebSocket?: boolean;
  /** Whether a web page's script may have had them sent. @default false */
  readonly isFromPage?: boolean;
  /** Turns what we send into what goes out. @default unchanged */
  wrap?(octets: Uint8Array): Uint8Array;
  /** Sent before we end the connection. @default nothing */
  readonly farewell?: Uint8Array | undefined;
}

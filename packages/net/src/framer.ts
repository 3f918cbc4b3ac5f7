// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** One unit that a framer found in a stream. Octets are borrowed for the duration of the call. */
export type Frame =
  | {
      readonly kind: 'message';
      readonly octets: Uint8Array;
      readonly anomalies: readonly string[];
      /** The stream cannot be read after this message: answer it, then close. */
      readonly close: boolean;
      /** It never came to its end, and is not to be answered. */
      readonly isUnfinished: boolean;
      /** The first octets before it that belong to no message; empty if there were none. */
      readonly skipped: Uint8Array;
    }
  /** The connection speaks otherwise from now on, having been asked to by these octets; `reply` says so. */
  | { readonly kind: 'upgrade'; readonly octets: Uint8Array; readonly reply: Uint8Array }
  /** The business of connection and framer alone. */
  | { readonly kind: 'control'; readonly reply: Uint8Array | undefined; readonly close: boolean }
  /** Nothing more is read until then; then the framer is asked again, with no octets. */
  | { readonly kind: 'wait'; readonly until: Promise<void> }
  /** A keep-alive that wants an answer. */
  | { readonly kind: 'ping' }
  /** No message of the protocol; the connection is closed. */
  | { readonly kind: 'refused'; readonly octets: Uint8Array; readonly code: string };

/** Cuts the octets of one connection into frames. */
export interface Framer {
  /** @param octets Borrowed: the framer copies what it keeps. */
  push(octets: Uint8Array): readonly Frame[];
  /** Returns the part that was read of an unfinished message, once; then nothing. */
  flush(): Frame | undefined;
  /** A message has begun and not ended. */
  readonly midMessage: boolean;
  /** Octets that are kept until the rest of a message comes. */
  readonly waitingOctets: number;
  /** Messages come in a WebSocket. @default not */
  readonly isWebSocket?: boolean;
  /** A web page's script may have had them sent. @default not */
  readonly isFromPage?: boolean;
  /** What we send as it goes out. @default as it is */
  wrap?(octets: Uint8Array): Uint8Array;
  /** What is said before we end the connection. @default nothing */
  readonly farewell?: Uint8Array | undefined;
}

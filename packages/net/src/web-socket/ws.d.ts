// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What we use of `ws`: the two halves of its codec. Its published types leave them out. */

declare module 'ws' {
  export interface ReceiverOptions {
    readonly isServer: boolean;
    readonly maxPayload: number;
    readonly maxFragments: number;
    readonly maxBufferedChunks: number;
    readonly skipUTF8Validation: boolean;
  }

  /** Reads frames (RFC 6455 §5): a `Writable` that emits within `write()`, and sets `errored` within it as well. */
  export class Receiver {
    readonly errored: Error | null;
    write(octets: Uint8Array): boolean;
    constructor(options: ReceiverOptions);
    on(event: 'message', listener: (octets: Uint8Array, isBinary: boolean) => void): this;
    on(event: 'ping' | 'pong', listener: (octets: Uint8Array) => void): this;
    on(event: 'conclude', listener: (code: number) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  export const Sender: {
    frame(
      octets: Uint8Array,
      options: {
        readonly fin: true;
        readonly rsv1: false;
        readonly opcode: number;
        readonly mask: false;
        readonly readOnly: true;
      },
    ): readonly Uint8Array[];
  };
}

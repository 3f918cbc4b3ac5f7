// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Frame, Framer } from '@sentrypeer/net';

/** A protocol of lines: `PING`, `BAD…` is refused, `LAST…` closes, anything else is a message. */
export class LineFramer implements Framer {
  #text = '';

  push(octets: Uint8Array): readonly Frame[] {
    const lines = (this.#text + Buffer.from(octets).toString('latin1')).split('\n');
    this.#text = lines.pop() ?? '';
    return lines.map((line) => this.#frame(line));
  }

  flush(): readonly Frame[] {
    if (this.#text === '') return [];
    const octets = Buffer.from(this.#text, 'latin1');
    this.#text = '';
    const skipped = new Uint8Array(0);
    return [
      { kind: 'message', octets, anomalies: ['cut'], isUnfinished: false, skipped, close: true },
    ];
  }

  get midMessage(): boolean {
    return this.#text !== '';
  }

  get waitingOctets(): number {
    return this.#text.length;
  }

  #frame(line: string): Frame {
    const octets = Buffer.from(line, 'latin1');
    if (line === 'PING') return { kind: 'ping' };
    if (line.startsWith('BAD')) return { kind: 'refused', octets, code: 'bad' };
    const close = line.startsWith('LAST');
    const skipped = new Uint8Array(0);
    return { kind: 'message', octets, anomalies: [], close, isUnfinished: false, skipped };
  }
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { AnsweredRequest } from '@sentrypeer/api';
import type { Clock } from '@sentrypeer/kernel';
import { REQUEST_LINES_PER_SECOND_MAX } from '../limits.ts';
import { escapeText } from './escape-text.ts';

const TARGET_CHARACTERS_MAX = 200;
const SECOND_MS = 1000;

/**
 * Writes a line for each request of the API: time, client, key, method, target, status, milliseconds. Lines beyond
 * a bound are counted, not written.
 */
export class RequestLog {
  readonly #ports: { readonly clock: Clock; readonly write: (line: string) => void };
  #secondAtMs = Number.NEGATIVE_INFINITY;
  #linesCount = 0;
  #suppressedCount = 0;

  constructor(ports: { readonly clock: Clock; readonly write: (line: string) => void }) {
    this.#ports = ports;
  }

  add(request: AnsweredRequest): void {
    const { clock, write } = this.#ports;
    const nowMs = clock.nowMs();
    if (nowMs - this.#secondAtMs >= SECOND_MS) {
      if (this.#suppressedCount > 0) write(`… ${this.#suppressedCount} more requests\n`);
      this.#secondAtMs = nowMs;
      this.#linesCount = 0;
      this.#suppressedCount = 0;
    }
    this.#linesCount += 1;
    if (this.#linesCount <= REQUEST_LINES_PER_SECOND_MAX) write(this.#line(request));
    else this.#suppressedCount += 1;
  }

  #line({ client, role, method, target, status, ms }: AnsweredRequest): string {
    const time = new Date(this.#ports.clock.epochUs() / 1000).toISOString();
    const text = escapeText(withoutKey(target), TARGET_CHARACTERS_MAX);
    const who = escapeText(client, CLIENT_CHARACTERS_MAX);
    return `${time} ${who} ${role ?? '-'} ${method} ${text} ${status} ${ms.toFixed(1)} ms\n`;
  }
}

/** Routes of SentryPeerHQ without a key between `api` and the rest. */
const KEYLESS = new Set(['phone-numbers', 'ip-addresses']);
const KEY_BEGINNING = 'sentrypeer_';
/** How many times a text may be percent-encoded; a router decodes once. */
const DECODINGS_MAX = 3;
const CLIENT_CHARACTERS_MAX = 64;

/**
 * A key must not appear in a log: neither at the place where routes have one, nor anywhere else, however it is spelled.
 */
function withoutKey(target: string): string {
  const scheme = target.startsWith('/') ? -1 : target.indexOf('://');
  const start = scheme < 0 ? 0 : Math.max(0, target.indexOf('/', scheme + 3));
  const parts = target.slice(start).split(SEPARATOR);
  const [, , first = '', , second = '', third] = parts;
  const isPlace = decoded(first) === 'api' && third === '/' && !KEYLESS.has(decoded(second));
  const masked = parts.map((part, index) =>
    (isPlace && index === 4) || decoded(part).includes(KEY_BEGINNING) ? 'KEY' : part,
  );
  return target.slice(0, start) + masked.join('');
}

/** Separates the parts of a target, and is itself kept as a part. */
const SEPARATOR = /([/?&=;])/;

function decoded(text: string): string {
  let plain = text;
  for (let count = 0; count < DECODINGS_MAX && plain.includes('%'); count += 1) {
    plain = plain.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  return plain.toLowerCase();
}

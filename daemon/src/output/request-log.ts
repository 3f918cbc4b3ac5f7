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
    return `${time} ${client} ${role ?? '-'} ${method} ${text} ${status} ${ms.toFixed(1)} ms\n`;
  }
}

/** A key that stands in the path must not stand in a log. */
function withoutKey(target: string): string {
  const [, api, key, ...rest] = target.split('/');
  const isKey =
    api === 'api' && key !== undefined && rest.length > 0 && key.startsWith('sentrypeer_');
  return isKey ? ['', api, 'KEY', ...rest].join('/') : target;
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Third-party programs that run next to the daemon during a test. */

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { until } from '../e2e/daemon-process.ts';

export class Background implements AsyncDisposable {
  /** All that was printed. */
  output = '';
  status: number | null | undefined;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #ended: Promise<unknown>;

  /** @param folder Its working folder and home. */
  constructor(path: string, args: readonly string[], folder: string) {
    this.#child = spawn(path, args, {
      cwd: folder,
      env: { ...process.env, HOME: folder, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('latin1').on('data', (text: string) => (this.output += text));
    }
    this.#ended = once(this.#child, 'close').then(([status]) => (this.status = status));
  }

  /** Waits for something that it prints. */
  async printed(text: string): Promise<void> {
    try {
      await until(text, () => this.output.includes(text) || this.status !== undefined);
    } catch (cause) {
      throw new Error(`not printed: ${text}\n${this.output}`, { cause });
    }
    if (!this.output.includes(text)) throw new Error(`ended without ${text}:\n${this.output}`);
  }

  /** Does nothing if it has ended. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Tells it to end, and waits until it has. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.status === undefined) this.#child.kill('SIGTERM');
    await this.#ended;
  }
}

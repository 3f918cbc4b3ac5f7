// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatPrefix, parsePrefix, type Prefix } from '@sentrypeer/ip';
import { Spared, type SparedNetwork } from '@sentrypeer/listings';
import type { Sparing } from './sparing.ts';

/** Its name in the run directory. */
export const SPARED = 'spared.txt';

/** Access to the file. */
interface Files {
  read(name: string): string | undefined;
  write(name: string, text: string): void;
}

/**
 * The networks that a running process spares, for its command `explain`, which is a separate process without its
 * session and variables.
 */
export class SparedFile {
  readonly #files: Files | undefined;
  #signature: string | undefined;

  constructor(files: Files | undefined) {
    this.#files = files;
  }

  /** Throws what the file system throws. */
  write({ networks, signature }: Spared): void {
    if (this.#files === undefined || signature === this.#signature) return;
    const lines = networks.map(({ prefix, why }) => `${formatPrefix(prefix)} ${why}\n`);
    this.#files.write(SPARED, lines.join(''));
    this.#signature = signature;
  }
}

/** `undefined` if nothing is running. */
export function readSpared(files: Files): readonly SparedNetwork[] | undefined {
  return files
    .read(SPARED)
    ?.split('\n')
    .flatMap((line) => {
      const at = line.indexOf(' ');
      const prefix = parsePrefix(line.slice(0, Math.max(0, at)));
      return prefix === undefined ? [] : [{ prefix, why: line.slice(at + 1) }];
    });
}

/** Why the running process spares a network; if none is running, why one with this configuration would. */
export async function whySpared(
  network: Prefix,
  running: readonly SparedNetwork[] | undefined,
  configured: () => Sparing,
): Promise<string | undefined> {
  if (running !== undefined) return new Spared(running).reason(network);
  const sparing = configured();
  await sparing.refresh();
  return new Spared(sparing.networks()).reason(network);
}

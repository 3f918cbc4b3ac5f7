// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { OperatingError } from '@sentrypeer/kernel';
import { NFT_OUTPUT_CHARACTERS_MAX, NFT_RUN_MS_MAX, NFT_WORDS_MAX } from './limits.ts';

/** Where distributions install it; the PATH of a service or an ordinary user often lacks these folders. */
const SYSTEM_FOLDERS: readonly string[] = ['/usr/sbin', '/sbin', '/usr/local/sbin', '/usr/bin'];

/** How a run of nft ended. */
export interface NftRun {
  readonly isDone: boolean;
  readonly stdout: string;
  /** What nft says is wrong, cut. */
  readonly words: string;
}

/** Runs nft, without a shell. */
export class Nft {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Throws `OperatingError` if nft is not installed. @param searchPath The variable PATH. */
  static find(searchPath: string): Nft {
    const folders = [
      ...searchPath.split(delimiter).filter((one) => one.startsWith('/')),
      ...SYSTEM_FOLDERS,
    ];
    const path = folders.map((folder) => join(folder, 'nft')).find(isProgram);
    if (path !== undefined) return new Nft(path);
    throw new OperatingError(
      'firewall_no_nft',
      'nft is missing, and the firewall needs it: install it (Debian: apt-get install nftables)',
    );
  }

  /** Passes nft commands on standard input, as one transaction: all of it is done or nothing is. */
  apply(text: string): Promise<NftRun> {
    return this.run(['-f', '-'], text);
  }

  async run(words: readonly string[], input = ''): Promise<NftRun> {
    const child = spawn(this.#path, words, {
      env: { LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: NFT_RUN_MS_MAX,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.length > NFT_OUTPUT_CHARACTERS_MAX) child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < NFT_WORDS_MAX) stderr += text;
    });
    child.stdin.on('error', () => undefined); // It ended before it had read everything; its status says why.
    child.stdin.end(input);
    return new Promise((resolve) => {
      child.on('error', (error) => resolve({ isDone: false, stdout, words: error.message }));
      child.on('close', (status, signal) => {
        const [line = ''] = stderr.trim().split('\n');
        const words = line.slice(0, NFT_WORDS_MAX) || `it ended by ${signal ?? status}`;
        resolve({ isDone: status === 0, stdout, words });
      });
    });
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Missing, or not executable for us: the next folder may have it.
  }
}

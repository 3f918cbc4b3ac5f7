// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { DaemonProcess, TemporaryFolder } from '../../test/e2e/daemon-process.ts';
import { totalProcessorSeconds } from './processes.ts';

/** A node that can be killed and started again with its file and ports. */
export class FleetNode implements AsyncDisposable {
  readonly name: string;
  readonly #args: readonly string[];
  readonly #folder: TemporaryFolder;
  /** Processor seconds of its earlier runs. */
  #seconds = 0;
  daemon: DaemonProcess;

  private constructor(
    name: string,
    args: readonly string[],
    folder: TemporaryFolder,
    daemon: DaemonProcess,
  ) {
    this.name = name;
    this.#args = args;
    this.#folder = folder;
    this.daemon = daemon;
  }

  static async start(name: string, args: readonly string[]): Promise<FleetNode> {
    const folder = new TemporaryFolder();
    const all = ['--threads=1', ...args];
    return new FleetNode(
      name,
      all,
      folder,
      await DaemonProcess.start(all, { folder: folder.path }),
    );
  }

  get seconds(): number {
    return this.#seconds + totalProcessorSeconds(this.daemon.pid);
  }

  async kill(): Promise<void> {
    this.#seconds = this.seconds;
    this.daemon.signal('SIGKILL');
    await this.daemon.ended();
    await this.daemon[Symbol.asyncDispose]();
  }

  async comeBack(): Promise<void> {
    this.daemon = await DaemonProcess.start(this.#args, { folder: this.#folder.path });
  }

  async isListed(number: string): Promise<boolean> {
    const url = `http://127.0.0.1:${this.daemon.ports.api}/v1/check?number=${encodeURIComponent(number)}`;
    const { listed } = (await (await fetch(url)).json()) as { readonly listed: boolean };
    return listed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

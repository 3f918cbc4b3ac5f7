// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TemporaryFolder } from '../e2e/daemon-process.ts';
import { Background } from './background.ts';
import { freePort, runTool } from './tool.ts';

const GATEWAY_LOG = 'gateway.log';

/** The scenarios that SIPp plays, as flags. */
interface Scenarios {
  readonly caller: readonly string[];
  readonly gateway: readonly string[];
}

/** A SIP server that accepts calls, and the caller in front of a PBX or proxy; SIPp plays both. */
export class Calls implements AsyncDisposable {
  readonly gatewayPort: number;
  readonly #sipp: string;
  readonly #caller: readonly string[];
  readonly #proxyPort: number;
  readonly #folder = new TemporaryFolder();
  readonly #gateway: Background;

  private constructor(sipp: string, gatewayPort: number, proxyPort: number, scenarios: Scenarios) {
    this.#sipp = sipp;
    this.#caller = scenarios.caller;
    this.gatewayPort = gatewayPort;
    this.#proxyPort = proxyPort;
    const args = [...scenarios.gateway, '-i', '127.0.0.1', '-p', String(gatewayPort), '-nostdin'];
    const traced = ['-trace_msg', '-message_file', GATEWAY_LOG];
    this.#gateway = new Background(sipp, [...args, ...traced], this.#folder.path);
  }

  static async open(sipp: string, proxyPort: number, scenarios: Scenarios): Promise<Calls> {
    return new Calls(sipp, await freePort(), proxyPort, scenarios);
  }

  /** The result of one call: whether it was accepted, and everything the caller received. */
  async call(number: string): Promise<{ readonly taken: boolean; readonly heard: string }> {
    const port = String(await freePort());
    const log = join(this.#folder.path, `${port}.log`);
    const flags = [...this.#caller, '-s', number, '-m', '1', '-trace_msg', '-message_file', log];
    const own = ['-i', '127.0.0.1', '-p', port, '-nostdin', '-timeout', '20'];
    const args = [...flags, ...own, `127.0.0.1:${this.#proxyPort}`];
    const { status } = await runTool(this.#sipp, args, { folder: this.#folder.path });
    const messages = readFileSync(log, 'latin1').split('\n-----');
    const heard = messages.filter((text) => text.includes(' message received ')).join('\n');
    return { taken: status === 0, heard };
  }

  /** Numbers whose calls reached the gateway, in order. */
  reached(): readonly string[] {
    const text = readFileSync(join(this.#folder.path, GATEWAY_LOG), 'latin1');
    return [...text.matchAll(/^INVITE sip:([^@]*)@/gm)].map(([, number = '']) => number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

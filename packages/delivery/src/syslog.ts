// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade, RecordedEvent } from '@sentrypeer/event';
import { followedEvents, Pump, type Sink } from '@sentrypeer/follow';
import { SYSLOG_CURSOR } from '@sentrypeer/follow/cursors';
import { unreachable } from '@sentrypeer/kernel';
import { SYSLOG_SETTLE_EVENTS_MAX, SYSLOG_SETTLE_MS } from './limits.ts';
import type { DeliveryPorts } from './ports.ts';
import { isOfGrade } from './grade.ts';
import { LogOutput } from './log-output.ts';
import { LoggerChannel } from './logger-channel.ts';
import { syslogError, type SyslogChannel } from './syslog-channel.ts';
import { TcpChannel } from './tcp-channel.ts';
import { UdpChannel } from './udp-channel.ts';

/** Where the lines go: through `logger` to the syslog daemon of this machine, or to a server. */
export type SyslogTarget =
  | {
      readonly kind: 'local';
      /** @default 'logger' */
      readonly command?: string;
      /** @default the system's own socket */
      readonly socketPath?: string;
    }
  | { readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number };

export interface SyslogOptions {
  readonly target: SyslogTarget;
  /** Only events of this node are written: a line for another node's event would get its source banned here. */
  readonly nodeId: string;
  /**
   * Only events of this grade and above: a line of a weaker one may name a forged source.
   *
   * @default 'seen'
   */
  readonly grade?: Grade;
  /** The process id in the lines. */
  readonly pid: number;
  /** The machine's name, for servers. */
  readonly hostname: string;
  /** @default SYSLOG_SETTLE_MS */
  readonly settleMs?: number;
  /** @default RETRY_MS_MIN */
  readonly retryMsMin?: number;
}

/**
 * One syslog line per event. The cursor follows the confirmations of the channel. If a channel breaks, the lines since
 * the last confirmation are written again, so a line may arrive twice but none is missing.
 */
export class Syslog extends LogOutput {
  static async open(
    ports: DeliveryPorts,
    options: SyslogOptions,
    signal?: AbortSignal,
  ): Promise<Syslog> {
    signal?.throwIfAborted();
    const pump = new Pump({ ...ports, log: followedEvents(ports.log) }, new SyslogSink(options), {
      name: SYSLOG_CURSOR,
      settleMs: options.settleMs ?? SYSLOG_SETTLE_MS,
      settleEntriesMax: SYSLOG_SETTLE_EVENTS_MAX,
      ...(options.retryMsMin === undefined ? {} : { retryMsMin: options.retryMsMin }),
    });
    return new Syslog(pump);
  }
}

/** Opens a channel when there is something to write and asks for its receipt when the pump settles. */
class SyslogSink implements Sink<RecordedEvent> {
  readonly #options: SyslogOptions;
  #channel: SyslogChannel | undefined;
  #closed = false;

  constructor(options: SyslogOptions) {
    this.#options = options;
  }

  async resume(settledHoneyId: number): Promise<number> {
    this.#letGo();
    return settledHoneyId;
  }

  async write(events: readonly RecordedEvent[]): Promise<void> {
    const { nodeId, grade = 'seen' } = this.#options;
    const own = events.filter(
      (event) =>
        event.createdByNodeId === nodeId && event.isHearsay !== true && isOfGrade(event, grade),
    );
    if (own.length === 0) return;
    this.#channel ??= await openChannel(this.#options);
    if (this.#closed) this.#letGo(); // Closed while it was being opened: the write is refused below.
    if (this.#channel === undefined) throw syslogError('syslog is closed');
    await this.#channel.write(own);
  }

  async settle(): Promise<void> {
    await this.#channel?.finish();
    this.#channel = undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#letGo();
  }

  #letGo(): void {
    this.#channel?.destroy();
    this.#channel = undefined;
  }
}

function openChannel(options: SyslogOptions): Promise<SyslogChannel> {
  const { target } = options;
  switch (target.kind) {
    case 'local': {
      const { command = 'logger', socketPath } = target;
      return LoggerChannel.open({ command, socketPath, pid: options.pid });
    }
    case 'tcp':
      return TcpChannel.open(target.host, target.port, options);
    case 'udp':
      return UdpChannel.open(target.host, target.port, options);
    default:
      return unreachable(target);
  }
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { settlesWithin } from '@sentrypeer/follow';
import { OperatingError, Outage, type Logger } from '@sentrypeer/kernel';
import { formatFleetAddress, type FleetAddress } from '../address.ts';
import { PULL_EVENTS_MAX, PULL_MS } from '../limits.ts';
import { Pause } from '../push/pause.ts';
import { retryMs } from '../push/push-failure.ts';
import { FleetSource, type FleetLog } from './fleet-source.ts';
import { pulledEvent, type PulledEvent } from './pulled-event.ts';

/** Where a hub keeps what it takes. */
interface PullSink {
  /** The newest row that was taken of a log; 0 before the first. */
  mark(node: string, epoch: number): number;
  /** Takes events, each once however often they come. */
  deliver(events: readonly PulledEvent[]): Promise<unknown>;
  /** Remembers that all up to this row was taken. */
  saveMark(node: string, epoch: number, honeyId: number): Promise<unknown>;
}

export interface PullerPorts {
  readonly sink: PullSink;
  readonly logger: Logger;
  readonly random: () => number;
}

/** How the pull is getting on. */
export interface PullState {
  readonly trouble: string | undefined;
  readonly pulledEvents: number;
  /** Rows that prove nothing, such as those without a grade. */
  readonly leftOut: number;
  /** Rows of the fleet that were not taken yet when it was last looked at. */
  readonly behind: number;
  readonly failures: number;
}

/** Takes what the other nodes of a fleet pushed, log by log, so that one judge sees all of it. */
export class Puller {
  readonly #ports: PullerPorts;
  readonly #address: FleetAddress;
  readonly #outage: Outage;
  readonly #pause = new Pause();
  /** By epoch and node, as of the sink. */
  readonly #marks = new Map<string, number>();
  #source: FleetSource | undefined;
  #state: PullState = { trouble: undefined, pulledEvents: 0, leftOut: 0, behind: 0, failures: 0 };
  #failuresInRow = 0;
  #isClosing = false;
  readonly #running: Promise<void>;

  constructor(ports: PullerPorts, address: FleetAddress) {
    this.#ports = ports;
    this.#address = address;
    const names = { failed: 'fleet_pull_failed', over: 'fleet_pull_resumed' };
    this.#outage = new Outage(ports.logger, 'error', names);
    this.#running = this.#run();
  }

  get state(): PullState {
    return this.#state;
  }

  /** Rejects if a bug ended it. */
  get running(): Promise<void> {
    return this.#running;
  }

  async close(ms: number): Promise<void> {
    this.#isClosing = true;
    this.#pause.end();
    if (!(await settlesWithin(this.#running, ms))) this.#source?.destroy();
    await this.#source?.close();
  }

  async #run(): Promise<void> {
    while (!this.#isClosing) {
      try {
        const isMore = await this.#round();
        this.#failuresInRow = 0;
        this.#change({ trouble: undefined });
        this.#outage.over({ fleet: formatFleetAddress(this.#address) });
        if (!isMore) await this.#pause.for(PULL_MS);
      } catch (error) {
        if (!(error instanceof OperatingError)) throw error;
        await this.#failed(error);
      }
    }
  }

  /** Some events of each log, so that a large one does not hold up the others. @returns Whether there are more. */
  async #round(): Promise<boolean> {
    const source = (this.#source ??= await FleetSource.open(this.#address));
    const logs = await source.logs();
    let isMore = false;
    let behind = 0;
    for (const log of logs) {
      const left = await this.#pull(source, log);
      behind += left;
      isMore ||= left > 0;
    }
    this.#change({ behind });
    return isMore && !this.#isClosing;
  }

  /** @returns How far the log is ahead of what was taken. */
  async #pull(source: FleetSource, log: FleetLog): Promise<number> {
    // Epochs that are over get no more rows; what is left of them comes first.
    for (let epoch = 1; epoch < log.epoch; epoch += 1) {
      const isOver = this.#marks.get(keyOf(log.node, epoch)) === Number.POSITIVE_INFINITY;
      if (isOver) continue;
      const ended = { node: log.node, epoch, mark: Number.MAX_SAFE_INTEGER };
      if (await this.#take(source, ended)) return 1;
      this.#marks.set(keyOf(log.node, epoch), Number.POSITIVE_INFINITY);
    }
    const mark = this.#mark(log);
    if (mark >= log.mark) return 0;
    const isMore = await this.#take(source, log);
    // Up to the mark there is nothing else: ids of rows that are not pushed are passed over.
    if (!isMore && this.#mark(log) < log.mark) await this.#save(log, log.mark);
    return log.mark - this.#mark(log);
  }

  /** @returns Whether there may be more. */
  async #take(source: FleetSource, log: FleetLog): Promise<boolean> {
    const rows = await source.events(log, this.#mark(log), PULL_EVENTS_MAX);
    const last = rows.at(-1);
    if (last === undefined) return false;
    const events = rows.map(pulledEvent).filter((event) => event !== undefined);
    if (events.length > 0) await this.#ports.sink.deliver(events);
    await this.#save(log, Number(last['honey_id']));
    const { pulledEvents, leftOut } = this.#state;
    this.#change({
      pulledEvents: pulledEvents + events.length,
      leftOut: leftOut + rows.length - events.length,
    });
    return rows.length === PULL_EVENTS_MAX;
  }

  #mark({ node, epoch }: FleetLog): number {
    return this.#marks.getOrInsertComputed(keyOf(node, epoch), () =>
      this.#ports.sink.mark(node, epoch),
    );
  }

  async #save({ node, epoch }: FleetLog, honeyId: number): Promise<void> {
    await this.#ports.sink.saveMark(node, epoch, honeyId);
    this.#marks.set(keyOf(node, epoch), honeyId);
  }

  async #failed(error: OperatingError): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    await source?.close();
    this.#failuresInRow += 1;
    this.#change({ trouble: error.message, failures: this.#state.failures + 1 });
    const fleet = formatFleetAddress(this.#address);
    this.#outage.failed({ fleet, code: error.code, why: error.message });
    await this.#pause.for(retryMs(this.#failuresInRow, this.#ports.random()));
  }

  #change(change: Partial<PullState>): void {
    this.#state = { ...this.#state, ...change };
  }
}

function keyOf(node: string, epoch: number): string {
  return `${epoch}:${node}`;
}

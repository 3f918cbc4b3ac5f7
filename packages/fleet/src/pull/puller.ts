// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { settlesWithin } from '@sentrypeer/follow';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import type { FleetAddress } from '../address.ts';
import type { Row } from '../connection.ts';
import { FleetOutage } from '../fleet-outage.ts';
import {
  LISTED_GATHER_MS,
  OVERVIEW_MS,
  PULL_EVENTS_MAX,
  PULL_MS,
  PULL_ROUND_MS,
} from '../limits.ts';
import { ClockOffset } from '../listings/clock-offset.ts';
import { Publisher, type ListedHere, type PublishState } from '../listings/publisher.ts';
import { FleetDecisions, type DecisionSink } from './decisions.ts';
import type { FleetOverview } from '../overview.ts';
import { Silence } from '../silence.ts';
import { Pause } from '../push/pause.ts';
import { retryMs } from '../push/push-failure.ts';
import { attempt, isLocked, isOfStatement } from './attempt.ts';
import { behindOf, groupsOf, inTurn, isAfter, type DueLog } from './due-logs.ts';
import { FleetSource, type FleetLog, type FleetPlace } from './fleet-source.ts';
import { ProvedFirst } from './proved-first.ts';
import { pulledEvent, type PulledEvent } from './pulled-event.ts';

const START: FleetPlace = { epoch: 0, honeyId: 0 };

/** Where a hub keeps what it takes. */
interface PullSink {
  /** The newest row taken of a node's log; 0 and 0 before the first. */
  place(node: string): FleetPlace;
  /** Takes events, each once however often they come, and saves that all of these logs were taken up to their marks. */
  take(events: readonly PulledEvent[], reached: readonly FleetLog[]): Promise<unknown>;
}

/** What was read of some logs, and is not handed to the sink yet. */
interface Haul {
  readonly events: PulledEvent[];
  readonly reached: FleetLog[];
}

export interface PullerPorts {
  readonly sink: PullSink;
  readonly decisions: DecisionSink;
  readonly listings: ListedHere;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/** The state of pulling. */
export interface PullState {
  readonly trouble: string | undefined;
  readonly pulledEvents: number;
  /** Rows that prove nothing, such as those without a grade. */
  readonly leftOut: number;
  /** Rows of the fleet that had not been taken at the last look. */
  readonly behind: number;
  readonly failures: number;
  /** Decisions of operators at other hubs that were taken. */
  readonly takenDecisions: number;
  /** Decisions made at this hub that the fleet does not have yet. */
  readonly waitingDecisions: number;
}

/** Takes what the other nodes of a fleet pushed, log by log, so that one judge sees everything. */
export class Puller {
  readonly #ports: PullerPorts;
  readonly #address: FleetAddress;
  readonly #outage: FleetOutage;
  readonly #pause = new Pause();
  readonly #silence = new Silence();
  readonly #offset = new ClockOffset();
  readonly #ownNodeId: string;
  /** By node, as known from the sink. */
  readonly #places = new Map<string, FleetPlace>();
  #source: FleetSource | undefined;
  readonly #decisions: FleetDecisions;
  readonly #publisher: Publisher;
  #state: PullState = {
    trouble: undefined,
    pulledEvents: 0,
    leftOut: 0,
    behind: 0,
    failures: 0,
    takenDecisions: 0,
    waitingDecisions: 0,
  };
  #failuresInRow = 0;
  #overview: FleetOverview | undefined;
  #lookAtMs = Number.NEGATIVE_INFINITY;
  /** What the sink is taking; the next rows are read meanwhile. */
  #taking: Promise<void> = Promise.resolve();
  readonly #provedFirst = new ProvedFirst();
  /** The node whose log is read first in the next round, of those that have much. */
  #firstNode = '';
  /** Whether the judge listed something that may not have been published. */
  #hasListed = false;
  #isClosing = false;
  readonly #running: Promise<void>;

  constructor(ports: PullerPorts, address: FleetAddress, ownNodeId: string) {
    this.#ports = ports;
    this.#address = address;
    this.#ownNodeId = ownNodeId;
    this.#decisions = new FleetDecisions(ports.decisions, ports.logger);
    this.#publisher = new Publisher(ports.listings, ports);
    const names = { failed: 'fleet_pull_failed', over: 'fleet_pull_resumed' };
    this.#outage = new FleetOutage(ports.logger, address, names);
    this.#running = this.#run();
  }

  get state(): PullState {
    const { takenCount: takenDecisions, waitingCount: waitingDecisions } = this.#decisions;
    return { ...this.#state, takenDecisions, waitingDecisions };
  }

  /** The whole fleet at the last look; `undefined` before. */
  get overview(): FleetOverview | undefined {
    return this.#overview;
  }

  /** How it publishes what it lists. */
  get publishing(): PublishState {
    return this.#publisher.state;
  }

  /** Rejects if a bug ended it. */
  get running(): Promise<void> {
    return this.#running;
  }

  /** The judge of this hub changed what it lists. */
  wake(): void {
    this.#hasListed = true;
    this.#pause.wake();
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
        const { isMore, failure } = await this.#silence.during(() => this.#round());
        this.#failuresInRow = 0;
        if (failure !== undefined) this.#tell(failure);
        else if (!this.#silence.isOn) {
          this.#change({ trouble: undefined });
          this.#outage.over();
        }
        if (!isMore) await this.#wait();
      } catch (error) {
        if (!(error instanceof OperatingError)) throw error;
        await this.#failed(error);
      }
    }
  }

  /** Waits for the next round; what is to be refused does not wait for it. */
  async #wait(): Promise<void> {
    const { clock } = this.#ports;
    const untilMs = clock.nowMs() + PULL_MS;
    for (;;) {
      if (this.#hasListed && this.#source !== undefined) {
        await this.#sayListed(this.#source);
        await this.#pause.patiently(LISTED_GATHER_MS);
      }
      const leftMs = untilMs - clock.nowMs();
      if (leftMs <= 0 || this.#isClosing) return;
      if (!this.#hasListed) await this.#pause.for(leftMs);
    }
  }

  /** What the judge listed meanwhile does not wait for the rest of a round. */
  async #sayListed(source: FleetSource): Promise<void> {
    if (!this.#hasListed) return;
    this.#hasListed = false;
    try {
      await this.#publisher.sayRefused(source);
    } catch (error) {
      if (!isOfStatement(error)) throw error;
      this.#tell(error); // The next round says it.
    }
  }

  /**
   * Some events of each log, so that neither a large log nor an unreadable one holds up the others; nor do decisions and
   * listings, if the database accepts no writes or somebody holds a lock.
   *
   * @returns Whether there are more, and what went wrong first.
   */
  async #round(): Promise<{ readonly isMore: boolean; readonly failure?: OperatingError }> {
    await this.#allTaken();
    this.#decisions.look();
    const source = (this.#source ??= await FleetSource.open(this.#address, (error) =>
      this.#fellSilent(error),
    ));
    const [now, decisions, logs] = askAll(source, this.#decisions);
    this.#offset.look(await now, this.#ports.clock.epochUs());
    const failures: OperatingError[] = [];
    // First: what is allowed must not be listed meanwhile.
    await attempt('decisions', failures, () =>
      this.#decisions.exchange(source, this.#offset.us, decisions),
    );
    const behind = await this.#readAll(source, await logs, failures);
    await this.#allTaken();
    this.#change({ behind });
    await this.#look(source);
    const isCaughtUp = behind <= PULL_EVENTS_MAX && failures.length === 0;
    const isMoreToSay = await attempt('listings', failures, () =>
      this.#publisher.step(source, isCaughtUp),
    );
    const isMore = (behind > 0 || isMoreToSay === true) && !this.#isClosing;
    const [failure] = failures;
    return failure === undefined ? { isMore } : { isMore, failure };
  }

  /** @returns How far all logs together are ahead of what was read. */
  async #readAll(
    source: FleetSource,
    logs: readonly FleetLog[],
    failures: OperatingError[],
  ): Promise<number> {
    const due = inTurn(this.#due(logs), this.#firstNode);
    await this.#takeProved(source, due, failures);
    let behind = 0;
    let haul: Haul = { events: [], reached: [] };
    const untilMs = this.#ports.clock.nowMs() + PULL_ROUND_MS;
    const groups = groupsOf(due);
    let readCount = 0;
    for (const group of groups) {
      // The first one may be the small ones together; one of the others has its turn in any case.
      if (readCount > 1 && this.#ports.clock.nowMs() > untilMs) break;
      readCount += 1;
      const alone: OperatingError[] = [];
      const isRead =
        group.length > 1 &&
        (await attempt('logs', alone, () => this.#readTogether(source, group, haul)));
      if (alone.some(isLocked)) failures.push(...alone);
      for (const log of isRead === true ? [] : group) {
        if (failures.some(isLocked)) break;
        const ahead = await attempt(`log of ${log.node}`, failures, () =>
          this.#read(source, log, haul),
        );
        behind += ahead ?? 0;
        haul = await this.#handOverFull(haul);
      }
      haul = await this.#handOverFull(haul);
      await this.#sayListed(source);
    }
    await this.#handOver(haul);
    const left = groups.slice(readCount).flat();
    this.#firstNode = left[0]?.node ?? '';
    return left.reduce((sum, log) => sum + behindOf(log), behind);
  }

  /** Events that proved their sender list somebody at once, so they come before all else of a log that is behind. */
  async #takeProved(
    source: FleetSource,
    due: readonly DueLog[],
    failures: OperatingError[],
  ): Promise<void> {
    const logs = this.#provedFirst.ahead(due);
    if (logs.length === 0) return;
    const alone: OperatingError[] = [];
    const rows = await attempt('logs', alone, () => source.provedOf(logs, PULL_EVENTS_MAX));
    failures.push(...alone.filter(isLocked)); // Anything else is told when the logs are read in order.
    if (rows === undefined) return;
    const events = this.#eventsOf(rows, logs);
    if (events.length > 0) await this.#ports.sink.take(events, []);
    this.#provedFirst.searched(logs, rows);
  }

  /** The logs with more rows than were taken. */
  #due(logs: readonly FleetLog[]): readonly DueLog[] {
    return logs.flatMap((log) => {
      const { node, mark } = log;
      const known = this.#place(node);
      if (known.epoch === mark.epoch && known.honeyId === mark.honeyId) return [];
      // A fleet that was restored or created again may have other rows under numbers that were taken already.
      return [{ ...log, after: isAfter(known, mark) ? START : known }];
    });
  }

  /** Reads everything of some logs that have little. @returns `true`. */
  async #readTogether(source: FleetSource, logs: readonly DueLog[], haul: Haul): Promise<boolean> {
    this.#keep(await source.eventsOf(logs), logs, haul);
    haul.reached.push(...logs);
    return true;
  }

  /** @returns How far the log is ahead of what was read, at least 1 if a finished epoch has more. */
  async #read(source: FleetSource, log: DueLog, haul: Haul): Promise<number> {
    const { mark, after } = log;
    const rows = await source.events(log, after, PULL_EVENTS_MAX);
    const last = rows.at(-1);
    // There is nothing else up to the mark: ids of rows that are not pushed are skipped.
    const isAll = last === undefined || rows.length < PULL_EVENTS_MAX;
    const reached = isAll
      ? mark
      : { epoch: Number(last['epoch']), honeyId: Number(last['honey_id']) };
    this.#keep(rows, [log], haul);
    haul.reached.push({ ...log, mark: reached });
    return reached.epoch === mark.epoch ? mark.honeyId - reached.honeyId : 1;
  }

  #keep(rows: readonly Row[], logs: readonly FleetLog[], haul: Haul): void {
    const events = this.#eventsOf(rows, logs);
    haul.events.push(...events);
    this.#change({ leftOut: this.#state.leftOut + rows.length - events.length });
  }

  #eventsOf(rows: readonly Row[], logs: readonly FleetLog[]): readonly PulledEvent[] {
    const reading = { ownNodeId: this.#ownNodeId, offsetUs: this.#offset.us, logs };
    return rows.map((row) => pulledEvent(row, reading)).filter((event) => event !== undefined);
  }

  /** @returns The haul to be filled next. */
  async #handOverFull(haul: Haul): Promise<Haul> {
    if (haul.events.length < PULL_EVENTS_MAX) return haul;
    await this.#handOver(haul);
    return { events: [], reached: [] };
  }

  /** Gives the sink what was read, as soon as it has taken the previous part. */
  async #handOver({ events, reached }: Haul): Promise<void> {
    await this.#allTaken();
    if (reached.length === 0) return;
    const taking = this.#ports.sink.take(events, reached).then(() => {
      for (const { node, mark } of reached) this.#places.set(node, mark);
      this.#change({ pulledEvents: this.#state.pulledEvents + events.length });
    });
    taking.catch(() => undefined); // Those who wait for it are told.
    this.#taking = taking;
  }

  /** Throws if the sink could not take it; once, because it is then read again. */
  async #allTaken(): Promise<void> {
    const taking = this.#taking;
    this.#taking = Promise.resolve();
    await taking;
  }

  /** Looks at all nodes now and then. */
  async #look(source: FleetSource): Promise<void> {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs < this.#lookAtMs) return;
    await source.lookAtVersion();
    this.#overview = await source.overview();
    this.#lookAtMs = nowMs + OVERVIEW_MS;
  }

  #place(node: string): FleetPlace {
    return this.#places.getOrInsertComputed(node, () => this.#ports.sink.place(node));
  }

  /** Still waits, but reports it. */
  #fellSilent(error: OperatingError): void {
    this.#silence.begins();
    this.#tell(error);
  }

  async #failed(error: OperatingError): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    await source?.close();
    this.#failuresInRow += 1;
    this.#tell(error);
    await this.#pause.for(retryMs(this.#failuresInRow, this.#ports.random()));
  }

  #tell(error: OperatingError): void {
    this.#change({ trouble: error.message, failures: this.#state.failures + 1 });
    this.#outage.failed(error);
  }

  #change(change: Partial<PullState>): void {
    this.#state = { ...this.#state, ...change };
  }
}

/** Asks for all that a round begins with, without waiting for one answer before the next question. */
function askAll(source: FleetSource, decisions: FleetDecisions) {
  const asked = [source.nowEpochUs(), decisions.ask(source), source.logs()] as const;
  for (const answer of asked) answer?.catch(() => undefined); // Those who wait for it are told.
  return asked;
}

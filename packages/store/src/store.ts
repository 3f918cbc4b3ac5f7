// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { visitEventBatch, type Decision, type Trust } from '@sentrypeer/event';
import type { NodePlace } from '@sentrypeer/ip';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { backupDatabase } from './file/backup.ts';
import { ClockWatch } from './clock/clock-watch.ts';
import { Checkpointer } from './file/checkpointer.ts';
import { ContentWatch } from './file/content-watch.ts';
import { databaseError, fromSqlite, guarded } from './file/database-error.ts';
import { DecisionWriter } from './judging/decisions.ts';
import { DiskGuard } from './file/disk-guard.ts';
import { systemDiskSpace, type DiskSpace } from './file/disk-space.ts';
import { OpenFile } from './file/open-file.ts';
import { FleetLog } from './fleet/fleet-log.ts';
import type { FleetDecision } from './fleet/fleet-decisions.ts';
import { FollowedListings } from './fleet/followed-listings.ts';
import type { FleetMarks, FleetPlace, FleetShare } from './fleet/fleet-marks.ts';
import type { CursorPlace, DeliveredEvent } from './delivery/delivered-event.ts';
import { EndpointWriter, type EndpointChange } from './delivery/endpoints.ts';
import { EventAppender, type Appended } from './log/event-appender.ts';
import { EvidenceReader } from './judging/evidence-reader.ts';
import { JUDGING_DUE } from './judging/event-lanes.ts';
import { Judging, type JudgingPorts } from './judging/judging.ts';
import { budgetsOf } from './retention/budgets.ts';
import {
  DATABASE_OCTETS_DEFAULT,
  DELIVERED_OCTETS,
  DISK_FREE_OCTETS_DEFAULT,
  OWED_OCTETS_DEFAULT,
  PLACED_OCTETS,
  RATE_DAYS_DEFAULT,
  RETENTION_DAYS_DEFAULT,
  ROW_OCTETS_PER_BATCH_OCTET,
} from './limits.ts';
import { openForWriting } from './file/open-database.ts';
import { OriginWriter } from './sharing/origins.ts';
import { AheadPages } from './pool/ahead-pages.ts';
import { Pages } from './file/pages.ts';
import type { PageOutcome, PoolPage } from './pool/pool-page.ts';
import type { ProvedNetwork } from './pool/proved-networks.ts';
import { PlaceTotals, type PlacedAddress, type PlacesProgress } from './totals/place-totals.ts';
import { Pruner } from './retention/pruner.ts';
import { RateRemoval } from './retention/rate-removal.ts';
import { ForeignRows } from './log/foreign-rows.ts';
import { PausedTriggers } from './log/paused-triggers.ts';
import { Repeats } from './log/repeats.ts';
import { inTransaction } from './file/transaction.ts';

export interface StorePorts {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Another program added rows after the newest, up to this one. */
  readonly onAdded?: (lastHoneyId: number) => void;
  /** @default the machine's disks */
  readonly disk?: DiskSpace;
}

export interface StoreOptions {
  /** The database file; created if it is missing, migrated in place if it is from SentryPeer 4.x. */
  readonly path: string;
  /** Days that rows and totals are kept, 1 and above. @default 90 */
  readonly retentionDays?: number;
  /** Days that hours are kept for graphs, 1 and above. @default 31 */
  readonly rateDays?: number;
  /** Octets of the database's live pages, 1 MiB and above. @default 1 GiB */
  readonly databaseOctetsMax?: number;
  /** Octets of the disk left free for others; at most a tenth of the disk. @default 256 MiB */
  readonly diskFreeOctetsMin?: number;
  /** Names of endpoints' cursors; events after them are not removed, up to `owedOctetsMax`. @default none */
  readonly owedCursors?: readonly string[];
  /** Octets by which the database may exceed its size for them, 0 and above. @default 1 GiB */
  readonly owedOctetsMax?: number;
  /** Saves memory at the expense of time. @default false */
  readonly isSmall?: boolean;
}

/** The event log. One thread owns it and is the only writer; every call is synchronous. */
export class Store {
  /** Evidence against addresses and numbers, as of this moment. */
  readonly evidence: EvidenceReader;
  /** What the hubs of a fleet list. */
  readonly followed: FollowedListings;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #database: DatabaseSync;
  readonly #guard: DiskGuard;
  readonly #pages: Pages;
  readonly #fleet: FleetLog;
  readonly #repeats: Repeats;
  readonly #appender: EventAppender;
  readonly #foreign: ForeignRows;
  readonly #triggers: PausedTriggers;
  readonly #pruner: Pruner;
  readonly #rateRemoval: RateRemoval;
  readonly #checkpointer: Checkpointer;
  readonly #clockWatch: ClockWatch;
  readonly #file: OpenFile;
  readonly #hasEvent: StatementSync;
  readonly #saveCursor: StatementSync;
  readonly #endpoints: EndpointWriter;
  readonly #placeTotals: PlaceTotals;
  readonly #decisions: DecisionWriter;
  readonly #judgingDue: StatementSync;
  readonly #evidenceCountMax: number;
  readonly #origins: OriginWriter;
  readonly #aheadPages: AheadPages;

  private constructor(ports: StorePorts, options: StoreOptions, database: DatabaseSync) {
    const { clock, logger, disk = systemDiskSpace } = ports;
    const { path } = options;
    this.#path = path;
    this.#clock = clock;
    this.#logger = logger;
    this.#database = database;
    // The statement journal: on disk, SQLite would write a separate file for each removal.
    database.exec('PRAGMA temp_store = MEMORY');
    this.#pages = new Pages(database);
    this.#guard = new DiskGuard(
      { clock, logger, disk, pages: this.#pages },
      { path, freeOctetsMin: options.diskFreeOctetsMin ?? DISK_FREE_OCTETS_DEFAULT },
    );
    this.#fleet = new FleetLog(database);
    this.#repeats = new Repeats(database, clock, this.#fleet);
    this.#repeats.finish(); // What the previous run did not finish.
    this.#appender = new EventAppender(database, this.#repeats);
    this.#foreign = new ForeignRows({ database, clock, logger, onAdded: ports.onAdded });
    this.#triggers = new PausedTriggers(database, clock);
    const content = new ContentWatch({ database, clock, pages: this.#pages }, path);
    this.#file = new OpenFile({ database, clock, logger, content }, path);
    this.#clockWatch = new ClockWatch({ database, clock, logger });
    const removalUs = (): number => this.#clockWatch.removalUs();
    const shared = { database, clock, logger, guard: this.#guard, pages: this.#pages, removalUs };
    this.#checkpointer = new Checkpointer({ ...shared, content });
    const databaseOctetsMax = options.databaseOctetsMax ?? DATABASE_OCTETS_DEFAULT;
    this.#evidenceCountMax = budgetsOf(databaseOctetsMax).evidenceCountMax;
    this.#pruner = new Pruner(shared, {
      retentionDays: options.retentionDays ?? RETENTION_DAYS_DEFAULT,
      databaseOctetsMax,
      owedCursors: options.owedCursors ?? [],
      owedOctetsMax: options.owedOctetsMax ?? OWED_OCTETS_DEFAULT,
    });
    this.#rateRemoval = new RateRemoval(shared, options.rateDays ?? RATE_DAYS_DEFAULT);
    this.#endpoints = new EndpointWriter(database);
    this.#placeTotals = new PlaceTotals(database);
    this.evidence = new EvidenceReader(database);
    const decisions = (this.#decisions = new DecisionWriter(database, clock));
    const refuse = (octets: number): void => this.#refuseOnFullDisk(octets);
    const countMax = this.#evidenceCountMax;
    const endedUs = (): number => this.#clockWatch.endedUs();
    const followed = { ...shared, endedUs, path };
    this.followed = new FollowedListings({ ...followed, decisions, countMax, refuse });
    this.#judgingDue = database.prepare(JUDGING_DUE);
    this.#origins = new OriginWriter(database, clock);
    this.#aheadPages = new AheadPages({ ...shared, clockWatch: this.#clockWatch });
    this.#hasEvent = database.prepare(
      'SELECT 1 FROM honey WHERE event_uuid = ? AND created_by_node_id = ?',
    );
    this.#saveCursor = database.prepare(`
      INSERT INTO cursor (name, honey_id) VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET honey_id = excluded.honey_id`);
  }

  /** Opens, creates or migrates. Throws `OperatingError` and leaves nothing open if that fails. */
  static open(ports: StorePorts, options: StoreOptions): Store {
    const database = openForWriting(options.path, ports, options.isSmall);
    try {
      return new Store(ports, options, database);
    } catch (error) {
      database.close();
      throw fromSqlite(error, options.path);
    }
  }

  /**
   * Records batches of `EventBatchWriter` in one transaction, all or nothing. When it returns, they survive the end of
   * this process, however it ends.
   */
  append(batches: readonly Uint8Array[]): Appended {
    const octets = batches.reduce((sum, batch) => sum + batch.length, 0);
    this.#refuseOnFullDisk(octets);
    return guarded(this.#path, () =>
      inTransaction(this.#database, () =>
        this.#pruner.makeRoomFor(octets, () => {
          this.#appender.begin(this.#clock.epochUs());
          for (const batch of batches) visitEventBatch(batch, this.#appender);
          return this.#appender.finish();
        }),
      ),
    );
  }

  /**
   * Records events that other nodes received, in one transaction. Known events (by origin and UUID) are left out, so
   * that a delivery may be repeated, and nobody can suppress another's event by copying its UUID.
   *
   * @param cursors Positions of the consumers that read them; moved together with the events or not at all.
   */
  deliver(events: readonly DeliveredEvent[], cursors: readonly CursorPlace[] = []): Appended {
    const octets = events.reduce((sum, { event }) => sum + event.sipMessage.length, 0);
    this.#refuseOnFullDisk(octets + events.length * DELIVERED_OCTETS);
    return guarded(this.#path, () =>
      inTransaction(this.#database, () => {
        this.#appender.begin(this.#clock.epochUs());
        for (const delivered of events) {
          const known = this.#hasEvent.get(delivered.event.eventUuid, delivered.nodeId);
          if (known === undefined) this.#deliver(delivered);
        }
        for (const { name, honeyId } of cursors) this.#saveCursor.run(name, honeyId);
        return this.#appender.finish();
      }),
    );
  }

  /** Whether a judge would have anything to do. */
  isJudgingDue(): boolean {
    return guarded(this.#path, () => this.#judgingDue.get()) !== undefined;
  }

  /** Follows the log with a judge; the owner calls its steps when there is time. Throws `OperatingError`. */
  openJudging(ports: JudgingPorts): Pick<Judging, 'step' | 'stepProved'> {
    const parts = {
      database: this.#database,
      clock: this.#clock,
      guard: this.#guard,
      endedUs: (): number => this.#clockWatch.endedUs(),
      evidence: this.evidence,
      changesCountMax: this.#evidenceCountMax,
      evidenceCountMax: this.#evidenceCountMax,
    };
    const judging = guarded(this.#path, () => new Judging(parts, ports));
    return {
      step: () => {
        this.#file.refuseWhereGone();
        return guarded(this.#path, () => {
          this.#clockWatch.look(); // Nothing is judged by a time that was just corrected.
          return judging.step();
        });
      },
      stepProved: () => guarded(this.#path, () => judging.stepProved()),
    };
  }

  /** Writes what the operator decided; throws `OperatingError`. */
  decide(decision: Decision): void {
    guarded(this.#path, () => this.#decisions.write(decision));
  }

  /** The fleet has all decisions of this node up to this one. */
  decisionsSent(id: number): void {
    guarded(this.#path, () => this.#decisions.sent(id));
  }

  /** Takes decisions made at hubs of the fleet, up to the mark. @returns Those for which there was no room. */
  takeDecisions(decisions: readonly FleetDecision[], mark: number): readonly FleetDecision[] {
    return guarded(this.#path, () => this.#decisions.takeAll(decisions, mark));
  }

  /**
   * Records the operator's opinion of another node, or of all nodes in a network, which can only be distrusted; if
   * distrusted, what they said is withdrawn.
   *
   * @param name The operator's name for it. @default the name it has
   */
  setTrust(nodeId: string, trust: Trust, name?: string): void {
    guarded(this.#path, () => this.#origins.setTrust(nodeId, trust, name));
  }

  /**
   * Keeps pages of the pool. @returns The outcome for each.
   *
   * @param asSelf They are this node's.
   * @param told The link over which they came.
   */
  addPages(pages: readonly PoolPage[], asSelf = false, told?: NodePlace): readonly PageOutcome[] {
    this.#refuseOnFullDisk(pages.reduce((sum, { octets }) => sum + octets.length, 0));
    return guarded(this.#path, () => this.#origins.addPages(pages, asSelf, told));
  }

  /** Links of the pool proved nodes to be in these networks. */
  proveNetworks(proved: readonly ProvedNetwork[]): void {
    guarded(this.#path, () => this.#origins.proveNetworks(proved));
  }

  /** Lets through what waits because voters of the pool name far more than usual. */
  resumeVotes(): void {
    guarded(this.#path, () => this.#origins.resumeVotes());
  }

  /** Takes back what the operator said about it. `false`: nothing is known about it. */
  forget(nodeId: string): boolean {
    return guarded(this.#path, () => this.#origins.forget(nodeId));
  }

  /** Remembers the row that a consumer has reached. */
  saveCursor(name: string, honeyId: number): void {
    guarded(this.#path, () => this.#saveCursor.run(name, honeyId));
  }

  /** Becomes a part of a fleet, or a hub of it, if it is not yet. Returns how far the log was pushed. */
  openFleet(isHub = false): FleetMarks {
    return guarded(this.#path, () => this.#fleet.open(isHub));
  }

  /** Continues where the fleet says that the log is. */
  resumeFleet(place: FleetPlace): FleetMarks {
    return guarded(this.#path, () => this.#fleet.resume(place));
  }

  /** Returns what to push next. @param hasArrived Whether what was being pushed is in the fleet. */
  nextForFleet(share: FleetShare, hasArrived: boolean): FleetMarks {
    return guarded(this.#path, () => this.#fleet.next(share, hasArrived));
  }

  /** Records the results of deliveries; throws `OperatingError`. */
  changeEndpoint(change: EndpointChange): void {
    guarded(this.#path, () => this.#endpoints.apply(change));
  }

  /** Adds the news about addresses to the totals of their countries and networks, in one transaction. */
  place(places: readonly PlacedAddress[], progress: PlacesProgress): void {
    this.#refuseOnFullDisk(places.length * PLACED_OCTETS);
    const add = (): void => this.#placeTotals.add(places, progress, this.#clock.epochUs());
    guarded(this.#path, () => inTransaction(this.#database, add));
  }

  /** Works for some milliseconds on the log, on repeats and on what exceeds a limit. @returns Whether there is more. */
  maintain(): boolean {
    this.#file.refuseWhereGone();
    return guarded(this.#path, () => {
      this.#clockWatch.look();
      this.#triggers.renew();
      return (
        this.#checkpointer.step() ||
        this.#foreign.step() ||
        this.#repeats.step() ||
        this.#pruner.step() ||
        this.#rateRemoval.step() ||
        this.#aheadPages.step() ||
        this.#origins.step(this.#clockWatch.removalUs())
      );
    });
  }

  /** What a nearly full disk does to the log, for a person; `undefined` while it has room. */
  get diskTrouble(): string | undefined {
    return this.#guard.trouble;
  }

  /** Copies the database as it is now into another file, while recording continues. */
  backup(target: string): Promise<void> {
    return backupDatabase(this.#path, target);
  }

  /** Forgets cached pages of the file; those needed again are read again. */
  releaseMemory(): void {
    this.#database.exec('PRAGMA shrink_memory');
  }

  /** Adds the remaining repeats to their rows; if that fails, they wait for the next start. */
  close(): void {
    if (!this.#database.isOpen) return;
    try {
      guarded(this.#path, () => this.#repeats.finish());
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#logger.warn('repeats_left_for_next_start', { code: error.code, why: error.message });
    } finally {
      this.#database.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Within a transaction. Nothing of a distrusted node is recorded. */
  #deliver({ event, nodeId, collectedMethod, origin }: DeliveredEvent): void {
    if (origin === undefined) return void this.#appender.event(event, nodeId, collectedMethod);
    const originId = this.#origins.admit(nodeId, origin);
    if (originId === undefined) return;
    const honeyId = this.#appender.event(event, nodeId, collectedMethod, true);
    this.#origins.addEvent(honeyId, originId, origin, event.eventEpochUs);
  }

  /** While the disk is nearly full, only free pages within the file are written. */
  #refuseOnFullDisk(octets: number): void {
    this.#file.refuseWhereGone();
    if (!guarded(this.#path, () => this.#guard.isFull())) return;
    const neededOctets = octets * ROW_OCTETS_PER_BATCH_OCTET;
    if (guarded(this.#path, () => this.#pages.read()).freeOctets >= neededOctets) return;
    throw databaseError(
      'disk_full',
      `the disk of database ${this.#path} is nearly full: ${this.#guard.shortage}; free some space on it, or let old events go: lower the size limit and confirm it with sentrypeer prune --yes`,
    );
  }
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Subject } from '@sentrypeer/event';
import type { FleetAddress } from '../address.ts';
import { FleetConnection, type OnSilent, type Row } from '../connection.ts';
import { fleetVersions } from '../schema/migrations.ts';
import { DECISIONS_VERSION } from '../schema/version-4.ts';
import { LISTINGS_VERSION } from '../schema/version-5.ts';
import { NOW_US } from '../listings/clock-offset.ts';
import { fleetOverview, type FleetOverview } from '../overview.ts';
import { roleTrouble } from '../role.ts';
import type { WaitingDecision } from './fleet-decision.ts';
import {
  HUB_LOCK_MS_MAX,
  PULL_DETAILS_CHARACTERS_MAX,
  PULL_MESSAGE_CHARACTERS_MAX,
  PULL_TEXT_CHARACTERS_MAX,
  PULL_WORD_CHARACTERS_MAX,
} from '../limits.ts';

/** A row of a log: `honeyId` in one of its epochs. */
export interface FleetPlace {
  readonly epoch: number;
  readonly honeyId: number;
}

/** A log in the fleet: its rows up to `mark` can be read. */
export interface FleetLog {
  readonly node: string;
  /** The id that its node gives itself; `undefined` where another one gives itself the same. */
  readonly nodeId: string | undefined;
  readonly mark: FleetPlace;
}

/** A place in all that is listed; two empty texts are its beginning. */
export interface PublishedPlace {
  readonly kind: string;
  readonly value: string;
}

/** How much a hub knows of what was published. */
export interface LeadPlace {
  readonly life: string;
  readonly last: number;
}

/** The hub that says what is listed. */
export interface Lead extends LeadPlace {
  readonly isLeading: boolean;
  readonly hub: string;
  /** Changes each time another hub begins. */
  readonly term: number;
  /** The database's time. */
  readonly nowEpochUs: number;
}

const text = (column: string, charactersMax: number): string =>
  `left(${column}, ${charactersMax}) AS ${column}`;

/**
 * The columns of an event that a hub takes. A node may insert anything under its name, so each text is cut, and no
 * event is later than its arrival. A time of -infinity counts as none.
 */
const COLUMNS = [
  'epoch',
  'honey_id',
  `CASE WHEN event_time > '-infinity' THEN (extract(epoch FROM least(event_time, received_at)) * 1000000)::bigint END
    AS event_us`,
  'event_uuid::text',
  'host(source_ip) AS source_ip',
  'source_port',
  'host(destination_ip) AS destination_ip',
  'destination_port',
  ...[
    'collected_method',
    'transport_type',
    'message_kind',
    'called_number_source',
    'grade',
    'created_by_node_id',
  ].map((column) => text(column, PULL_WORD_CHARACTERS_MAX)),
  ...[
    'method',
    'called_number',
    'user_agent',
    'request_uri',
    'to_uri',
    'to_user',
    'from_uri',
    'from_user',
  ].map((column) => text(column, PULL_TEXT_CHARACTERS_MAX)),
  text('anomalies', PULL_DETAILS_CHARACTERS_MAX),
  text('details', PULL_DETAILS_CHARACTERS_MAX),
  text('sip_message', PULL_MESSAGE_CHARACTERS_MAX),
].join(', ');

/** Reads the events that others pushed; for the role `hub`. All errors are `OperatingError`. */
export class FleetSource implements AsyncDisposable {
  readonly #connection: FleetConnection;

  #version: number;

  private constructor(connection: FleetConnection, version: number) {
    this.#connection = connection;
    this.#version = version;
  }

  /** Whether the fleet's database is new enough for decisions. */
  get hasDecisions(): boolean {
    return this.#version >= DECISIONS_VERSION;
  }

  /** The same for what hubs list. */
  get hasListings(): boolean {
    return this.#version >= LISTINGS_VERSION;
  }

  /** A hub stays connected while its fleet is migrated. */
  async lookAtVersion(): Promise<void> {
    const { version } = await fleetVersions(this.#connection);
    this.#version = version;
  }

  static async open(address: FleetAddress, onSilent?: OnSilent): Promise<FleetSource> {
    const connection = await FleetConnection.open(address, 'pull', onSilent, { isPipelined: true });
    try {
      await connection.run(`SET lock_timeout = ${HUB_LOCK_MS_MAX}`);
      const trouble = await roleTrouble(connection, address, 'hub');
      if (trouble !== undefined) throw trouble;
      const { version } = await fleetVersions(connection);
      return new FleetSource(connection, version);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /**
   * Each log except our own. A mark moves in the transaction that adds its rows, so that no row of a slow transaction
   * is skipped, as it would be with an id of the whole table.
   */
  async logs(): Promise<readonly FleetLog[]> {
    const rows = await this.#connection.rows(
      `SELECT node, epoch, least(mark, $1) AS mark, CASE WHEN is_alone THEN node_id END AS node_id
        FROM (SELECT *, count(*) OVER (PARTITION BY node_id) = 1 AS is_alone FROM fleet.node) AS l
        WHERE node <> session_user ORDER BY node`,
      [Number.MAX_SAFE_INTEGER],
    );
    return rows.map((row) => ({
      node: String(row['node']),
      nodeId: typeof row['node_id'] === 'string' ? row['node_id'] : undefined,
      mark: { epoch: Number(row['epoch']), honeyId: Number(row['mark']) },
    }));
  }

  /** Rows of a log after one of them, in order; those of finished epochs come first. */
  events({ node, mark }: FleetLog, after: FleetPlace, limit: number): Promise<readonly Row[]> {
    return this.#connection.rows(
      `SELECT node AS log, ${COLUMNS} FROM fleet.event WHERE node = $1 AND (epoch, honey_id) > ($2, $3) AND (epoch, honey_id) <= ($4, $5)
        AND honey_id <= $6 ORDER BY epoch, honey_id LIMIT $7`,
      [node, after.epoch, after.honeyId, mark.epoch, mark.honeyId, Number.MAX_SAFE_INTEGER, limit],
    );
  }

  /**
   * The same for several logs in one answer, each after `after` up to its mark, which is of the same epoch; the column
   * `log` says whose row it is. A log has at most one row per number: what a node writes beyond that under its name is
   * ignored.
   */
  eventsOf(logs: readonly (FleetLog & { readonly after: FleetPlace })[]): Promise<readonly Row[]> {
    return this.#lateral(logs, '', Number.MAX_SAFE_INTEGER);
  }

  /** Of the same only those that proved their sender, in order, at most `limit` of each log. */
  provedOf(
    logs: readonly (FleetLog & { readonly after: FleetPlace })[],
    limit: number,
  ): Promise<readonly Row[]> {
    return this.#lateral(logs, "AND o.grade IN ('returned', 'handshake')", limit);
  }

  /** The database's time. */
  async nowEpochUs(): Promise<number> {
    const [row] = await this.#connection.rows(`SELECT ${NOW_US}`);
    return Number(row?.['now_us']);
  }

  /** What the operator decided at this hub; once, however often it is said. */
  async decide(decision: WaitingDecision): Promise<void> {
    const { uuid, kind, subject, value, comment, untilEpochUs } = decision;
    await this.#connection.rows('SELECT fleet.decide($1, $2, $3, $4, $5, $6)', [
      uuid,
      kind,
      subject ?? null,
      value,
      comment.replaceAll('\0', ' '), // PostgreSQL's texts have no octet 0.
      untilEpochUs ?? null,
    ]);
  }

  /** Decisions of operators after a number, in order, without those that a later one replaced. */
  decisions(after: number, limit: number): Promise<readonly Row[]> {
    return this.#connection.rows(
      `SELECT decision_id, node, node = session_user AS is_own, kind, subject, left(value, ${PULL_TEXT_CHARACTERS_MAX}) AS value,
        left(comment, ${PULL_TEXT_CHARACTERS_MAX}) AS comment, until_us
      FROM fleet.decision WHERE decision_id > $1 AND NOT is_replaced ORDER BY decision_id LIMIT $2`,
      [after, limit],
    );
  }

  /**
   * Whether a decision that was read from here is gone; then others may be gone, too. A decision that was replaced or
   * has ended stays for a day, and the newest one stays until there is a newer one.
   */
  async hasLost(decisionId: number): Promise<boolean> {
    const [row] = await this.#connection.rows(
      `SELECT CASE WHEN $1 > (extract(epoch FROM now() - interval '23 hours') * 1000000)::bigint
          THEN NOT EXISTS (SELECT 1 FROM fleet.decision WHERE decision_id = $1)
          ELSE $1 > coalesce((SELECT max(decision_id) FROM fleet.decision), 0) END AS is_lost`,
      [decisionId],
    );
    return row?.['is_lost'] === true;
  }

  /** Asks to be the hub that says what is listed. @param known The life and the last serial that this hub knows. */
  async lead(known: LeadPlace | undefined, isReady: boolean): Promise<Lead> {
    const [row] = await this.#connection.rows('SELECT * FROM fleet.lead($1, $2, $3)', [
      known?.life ?? null,
      known?.last ?? 0,
      isReady,
    ]);
    return {
      isLeading: row?.['is_leading'] === true,
      hub: String(row?.['hub']),
      term: Number(row?.['term']),
      life: String(row?.['life']),
      last: Number(row?.['last']),
      nowEpochUs: Number(row?.['now_us']),
    };
  }

  /** Says what is listed; only differences become changes. @returns The newest serial. */
  async publish(term: number, entries: readonly Row[]): Promise<number> {
    const [row] = await this.#connection.rows('SELECT fleet.publish($1, $2) AS last', [
      term,
      JSON.stringify(entries),
    ]);
    return Number(row?.['last']);
  }

  /** All nodes, for people. */
  overview(): Promise<FleetOverview> {
    return fleetOverview(this.#connection, this.hasListings);
  }

  /** The fleet's listings, by kind and value, after one of them. */
  async published({ kind, value }: PublishedPlace, limit: number): Promise<readonly Subject[]> {
    const rows = await this.#connection.rows(
      `SELECT kind, value FROM fleet.listing WHERE (kind, value) > ($1, $2) AND level <> 'none' ORDER BY kind, value LIMIT $3`,
      [kind, value, limit],
    );
    return rows.map((row) => ({
      kind: row['kind'] as Subject['kind'], // By the table's constraint.
      value: String(row['value']),
    }));
  }

  #lateral(
    logs: readonly (FleetLog & { readonly after: FleetPlace })[],
    condition: string,
    limit: number,
  ): Promise<readonly Row[]> {
    return this.#connection.rows(
      `SELECT l.node AS log, e.* FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[]) AS l (node, epoch, after, mark)
        CROSS JOIN LATERAL (SELECT ${COLUMNS} FROM fleet.event AS o WHERE o.node = l.node AND o.epoch = l.epoch
          AND o.honey_id > l.after AND o.honey_id <= l.mark ${condition}
          ORDER BY honey_id LIMIT least(l.mark - l.after, $5)) AS e`,
      [
        logs.map(({ node }) => node),
        logs.map(({ mark }) => mark.epoch),
        logs.map(({ after }) => after.honeyId),
        logs.map(({ mark }) => mark.honeyId),
        limit,
      ],
    );
  }

  destroy(): void {
    this.#connection.destroy();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

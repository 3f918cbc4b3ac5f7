// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { guarded } from '../file/database-error.ts';
import type { Row } from '../log/event-row.ts';
import { DEAD_LETTERS_COUNT_MAX } from '../limits.ts';
import { OwnConnection, type Purpose } from '../file/own-connection.ts';
import { inTransaction } from '../file/transaction.ts';

/** What happened between this node and an endpoint that events are delivered to, since it was first configured. */
export interface EndpointStatus {
  readonly endpoint: string;
  /** Requests made, including failed ones. */
  readonly requests: number;
  /** Events that the endpoint took. */
  readonly accepted: number;
  /** Events that it refused for good. */
  readonly refused: number;
  /** Events that retention removed before it took them. */
  readonly expired: number;
  /** Attempts that failed and are repeated. */
  readonly failures: number;
  /** Wall-clock microseconds; `undefined` before the first. */
  readonly acceptedEpochUs: number | undefined;
  readonly error: EndpointError | undefined;
}

/** The newest failure or refusal. */
interface EndpointError {
  readonly code: string;
  /** For a person. */
  readonly message: string;
  readonly epochUs: number;
}

/** An event that an endpoint refused for good. */
export interface DeadLetter {
  readonly endpoint: string;
  readonly eventUuid: string;
  /** The endpoint's text, cut to a limit. */
  readonly reason: string;
  /** Wall-clock microseconds. */
  readonly refusedEpochUs: number;
  /** An operator wants it sent again, which has not happened yet. */
  readonly isToSend: boolean;
}

/** What those who deliver tell the store, in addition to their cursor. */
export type EndpointChange =
  | { readonly kind: 'status'; readonly status: EndpointStatus }
  | {
      readonly kind: 'refused';
      readonly endpoint: string;
      readonly letters: readonly { readonly eventUuid: string; readonly reason: string }[];
      readonly epochUs: number;
    }
  /** Dead letters that the endpoint accepted when they were sent again. */
  | { readonly kind: 'taken'; readonly endpoint: string; readonly eventUuids: readonly string[] };

const STATUS_COLUMNS =
  'endpoint, requests, accepted, refused, expired, failures, accepted_us, error_code, error_message, error_us';

/** Writes changes, on the one connection that writes. */
export class EndpointWriter {
  readonly #database: DatabaseSync;
  readonly #saveStatus: StatementSync;
  readonly #bury: StatementSync;
  readonly #count: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#saveStatus = database.prepare(`
      INSERT OR REPLACE INTO endpoint_status (${STATUS_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#bury = database.prepare(`
      INSERT INTO dead_letter (endpoint, event_uuid, reason, refused_us) VALUES (?, ?, ?, ?)
      ON CONFLICT (endpoint, event_uuid) DO UPDATE
      SET reason = excluded.reason, refused_us = excluded.refused_us, to_send = 0`);
    this.#count = database.prepare('SELECT count(*) AS n FROM dead_letter WHERE endpoint = ?');
    this.#remove = database.prepare(
      'DELETE FROM dead_letter WHERE endpoint = ? AND event_uuid = ?',
    );
  }

  /** Throws `OperatingError` if an endpoint already has the most dead letters allowed. */
  apply(change: EndpointChange): void {
    switch (change.kind) {
      case 'status':
        this.#save(change.status);
        break;
      case 'refused':
        inTransaction(this.#database, () => this.#buryAll(change));
        break;
      case 'taken':
        inTransaction(this.#database, () => {
          for (const uuid of change.eventUuids) this.#remove.run(change.endpoint, uuid);
        });
        break;
    }
  }

  #save({ error, ...status }: EndpointStatus): void {
    this.#saveStatus.run(
      status.endpoint,
      status.requests,
      status.accepted,
      status.refused,
      status.expired,
      status.failures,
      status.acceptedEpochUs ?? null,
      error?.code ?? null,
      error?.message ?? null,
      error?.epochUs ?? null,
    );
  }

  #buryAll({ endpoint, letters, epochUs }: EndpointChange & { readonly kind: 'refused' }): void {
    for (const { eventUuid, reason } of letters) {
      this.#bury.run(endpoint, eventUuid, reason, epochUs);
    }
    if (Number(this.#count.get(endpoint)?.['n']) <= DEAD_LETTERS_COUNT_MAX) return;
    throw new OperatingError(
      'dead_letters_full',
      `${endpoint} refused ${DEAD_LETTERS_COUNT_MAX} events for good, so the rest waits: ` +
        'see sentrypeer webhook dead, then use webhook resend or webhook discard',
    );
  }
}

/** Reads statuses and dead letters. */
export class EndpointReader {
  readonly #path: string;
  readonly #status: StatementSync;
  readonly #statuses: StatementSync;
  readonly #letters: StatementSync;
  readonly #toSend: StatementSync;
  readonly #count: StatementSync;

  /** @param path For messages. */
  constructor(database: DatabaseSync, path: string) {
    this.#path = path;
    const statuses = `SELECT ${STATUS_COLUMNS} FROM endpoint_status`;
    this.#status = database.prepare(`${statuses} WHERE endpoint = ?`);
    this.#statuses = database.prepare(`${statuses} ORDER BY endpoint`);
    this.#letters = database.prepare(`
      SELECT endpoint, event_uuid, reason, refused_us, to_send FROM dead_letter
      WHERE endpoint = ? ORDER BY letter_id`);
    this.#toSend = database.prepare(`
      SELECT event_uuid FROM dead_letter WHERE endpoint = ? AND to_send = 1
      ORDER BY letter_id LIMIT ? + 0`);
    this.#count = database.prepare('SELECT count(*) AS n FROM dead_letter WHERE endpoint = ?');
  }

  status(endpoint: string): EndpointStatus | undefined {
    const row = guarded(this.#path, () => this.#status.get(endpoint));
    return row === undefined ? undefined : endpointStatus(row);
  }

  /** By name. */
  statuses(): readonly EndpointStatus[] {
    return guarded(this.#path, () => this.#statuses.all().map(endpointStatus));
  }

  lettersCount(endpoint: string): number {
    return Number(guarded(this.#path, () => this.#count.get(endpoint))?.['n'] ?? 0);
  }

  /** The one that was refused first comes first. */
  letters(endpoint: string): readonly DeadLetter[] {
    return guarded(this.#path, () => this.#letters.all(endpoint).map(deadLetter));
  }

  /** UUIDs of events that are to be sent again. */
  lettersToSend(endpoint: string, limit: number): readonly string[] {
    return guarded(this.#path, () =>
      this.#toSend.all(endpoint, limit).map((row) => String(row['event_uuid'])),
    );
  }
}

/** An operator's actions on endpoints, even while a daemon uses the database. */
export class Endpoints {
  readonly reader: EndpointReader;
  readonly #connection: OwnConnection;

  private constructor(path: string, connection: OwnConnection) {
    this.#connection = connection;
    this.reader = new EndpointReader(connection.database, path);
  }

  /** For a change, creates or migrates the database if necessary. Throws `OperatingError`. */
  static open(
    ports: { readonly clock: Clock; readonly logger: Logger },
    path: string,
    purpose: Purpose = 'change',
  ): Endpoints {
    const use = (connection: OwnConnection): Endpoints => new Endpoints(path, connection);
    return OwnConnection.open(ports, path, use, purpose);
  }

  /** Recorded events that the consumer of this cursor has not confirmed; 0 if there is no such cursor. */
  lag(cursor: string): number {
    const row = this.#get(
      `SELECT (SELECT value FROM counter WHERE name = 'last_honey_id') -
        (SELECT honey_id FROM cursor WHERE name = ?) AS lag`,
      [cursor],
    );
    return Number(row?.['lag'] ?? 0);
  }

  /**
   * Has the daemon send dead letters again; it looks for them.
   *
   * @param eventUuid By default all of the endpoint's.
   * @returns How many; those whose events retention has removed stay.
   */
  sendAgain(endpoint: string, eventUuid: string | undefined): number {
    return this.#change(
      `UPDATE dead_letter SET to_send = 1 WHERE endpoint = ?1 AND event_uuid = coalesce(?2, event_uuid)
        AND EXISTS (SELECT 1 FROM honey WHERE honey.event_uuid = dead_letter.event_uuid)`,
      endpoint,
      eventUuid,
    );
  }

  /** Forgets dead letters. @returns How many. */
  discard(endpoint: string, eventUuid: string | undefined): number {
    return this.#change(
      'DELETE FROM dead_letter WHERE endpoint = ?1 AND event_uuid = coalesce(?2, event_uuid)',
      endpoint,
      eventUuid,
    );
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  #change(sql: string, endpoint: string, eventUuid: string | undefined): number {
    return this.#connection.run(() =>
      Number(this.#connection.database.prepare(sql).run(endpoint, eventUuid ?? null).changes),
    );
  }

  #get(sql: string, parameters: readonly string[]): Row | undefined {
    return this.#connection.run(() => this.#connection.database.prepare(sql).get(...parameters));
  }
}

function endpointStatus(row: Row): EndpointStatus {
  const accepted = row['accepted_us'];
  const code = row['error_code'];
  return {
    endpoint: String(row['endpoint']),
    requests: Number(row['requests']),
    accepted: Number(row['accepted']),
    refused: Number(row['refused']),
    expired: Number(row['expired']),
    failures: Number(row['failures']),
    acceptedEpochUs: accepted === null ? undefined : Number(accepted),
    error:
      typeof code !== 'string'
        ? undefined
        : {
            code,
            message: String(row['error_message']),
            epochUs: Number(row['error_us']),
          },
  };
}

function deadLetter(row: Row): DeadLetter {
  return {
    endpoint: String(row['endpoint']),
    eventUuid: String(row['event_uuid']),
    reason: String(row['reason']),
    refusedEpochUs: Number(row['refused_us']),
    isToSend: row['to_send'] === 1,
  };
}

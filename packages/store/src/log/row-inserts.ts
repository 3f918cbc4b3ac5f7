// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { hotStatement } from '../file/lazy-database.ts';
import type {
  CalledNumberSource,
  CollectedMethod,
  Grade,
  MessageKind,
  Transport,
} from '@sentrypeer/event';

/** Columns that are bound, in this order. */
const BOUND_COLUMNS =
  'honey_id, event_timestamp, event_uuid, source_ip, called_number, method, user_agent, ' +
  'sip_message, created_by_node_id, created_at, source_port, destination_ip, destination_port, ' +
  'request_uri, to_uri, to_user, from_uri, from_user, anomalies, details';
const PLACES = BOUND_COLUMNS.replaceAll(/\w+/g, '?');

/** Columns with few different values. */
export interface RowWords {
  readonly collectedMethod: CollectedMethod;
  readonly transportType: Transport;
  readonly messageKind: MessageKind;
  readonly calledNumberSource: CalledNumberSource;
  /** `null` for another node's report. */
  readonly grade: Grade | null;
}

/**
 * The statements that insert a row of `honey`: one for each set of such values, with the values in its text. Binding
 * them with each row costs a twentieth of the whole row.
 */
export class RowInserts {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Most rows have the same values as the row before. */
  #last: { readonly words: RowWords; readonly statement: StatementSync } | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The statement for rows with these values; the other columns are bound in the order of the list above. */
  of(words: RowWords): StatementSync {
    if (this.#last === undefined || !areEqual(words, this.#last.words)) {
      this.#last = { words, statement: this.#statementOf(words) };
    }
    return this.#last.statement;
  }

  #statementOf(words: RowWords): StatementSync {
    const { collectedMethod, transportType, messageKind, calledNumberSource, grade } = words;
    const literals = [collectedMethod, transportType, messageKind, calledNumberSource, grade]
      .map(literal)
      .join(', ');
    let statement = this.#statements.get(literals);
    if (statement === undefined) {
      const sql = `INSERT INTO honey (${BOUND_COLUMNS},
          collected_method, transport_type, message_kind, called_number_source, grade)
        VALUES (${PLACES}, ${literals})`;
      statement = hotStatement(this.#database, sql);
      this.#statements.set(literals, statement);
    }
    return statement;
  }
}

function areEqual(a: RowWords, b: RowWords): boolean {
  return (
    a.collectedMethod === b.collectedMethod &&
    a.transportType === b.transportType &&
    a.messageKind === b.messageKind &&
    a.calledNumberSource === b.calledNumberSource &&
    a.grade === b.grade
  );
}

function literal(word: string | null): string {
  return word === null ? 'NULL' : `'${word.replaceAll("'", "''")}'`;
}

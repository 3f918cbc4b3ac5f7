// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { DatabaseSync } from 'node:sqlite';
import { inTransaction } from '../../src/file/transaction.ts';

export interface LegacyRow {
  readonly eventTimestamp?: string | null;
  readonly sourceIp?: string | null;
  readonly calledNumber?: string | null;
  readonly transportType?: string;
  readonly sipMessage?: string;
  readonly createdAt?: string | null;
}

/** Makes a database as SentryPeer 4.x does: user_version 0, rollback journal, three indexes. */
export function makeLegacyDatabase(path: string, rows: Iterable<LegacyRow>): void {
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE honey (honey_id INTEGER PRIMARY KEY, event_timestamp TEXT, event_uuid TEXT,
      collected_method TEXT, source_ip TEXT, called_number TEXT, transport_type TEXT, method TEXT,
      user_agent TEXT, sip_message TEXT, created_by_node_id TEXT,
      created_at DATETIME DEFAULT(STRFTIME('%Y-%m-%d %H:%M:%f','NOW')));
    CREATE INDEX source_ip_index ON honey (source_ip);
    CREATE INDEX called_number_index ON honey (called_number);
    CREATE INDEX event_uuid_index ON honey (event_uuid);`);
  const insert = database.prepare(`
    INSERT INTO honey (event_timestamp, event_uuid, collected_method, source_ip, called_number,
      transport_type, method, user_agent, sip_message, created_by_node_id, created_at)
    VALUES (?, ?, 'passive', ?, ?, ?, 'OPTIONS', 'NOT_FOUND', ?, 'c-node', ?)`);
  inTransaction(database, () => {
    let index = 0;
    for (const row of rows) {
      index += 1;
      insert.run(
        row.eventTimestamp === undefined ? '2026-02-01 13:00:00.5123456' : row.eventTimestamp,
        `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        row.sourceIp === undefined ? '203.0.113.9' : row.sourceIp,
        row.calledNumber === undefined ? '00441234' : row.calledNumber,
        row.transportType ?? 'UDP',
        row.sipMessage ?? 'OPTIONS sip:a SIP/2.0',
        row.createdAt === undefined ? '2026-02-01 12:00:00.512' : row.createdAt,
      );
    }
  });
  database.close();
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as turn } from 'node:timers/promises';
import { OperatingError } from '@sentrypeer/kernel';
import type { ImportedRow, Importer } from '@sentrypeer/store';
import { IMPORT_PROGRESS_MS, IMPORT_ROWS, IMPORT_SEARCH_LINES } from './limits.ts';
import type { Command, CommandContext } from '../command.ts';
import { LinesReader, type LinesRead } from './import-lines.ts';
import { openImportFile, stoppedWhile } from './import-octets.ts';
import { linesOf } from './import-text.ts';
import { countOf, shown } from '../text.ts';
import { neededFile, refuseMore } from '../words.ts';

const KEPT = 'Some are older than --retention-days: they stay until sentrypeer prune --yes.\n';
const MAKES_ROOM =
  'The database has reached --db-size-max: its oldest events are removed to make room for these. A larger limit keeps both.\n';
const DAMAGED =
  'The file is damaged: events in the parts of it that cannot be read are missing here.\n';

interface Counts {
  added: number;
  known: number;
  /** Lines that are not events. */
  unread: number;
  /** Whether older events are removed for these. */
  makesRoom: boolean;
  /** Whether events were left out because the file is damaged. */
  isDamaged: boolean;
}

export const IMPORT: Command = {
  name: 'import',
  form: 'FILE',
  doc: 'Add the events of FILE that are not there yet: a database (of SentryPeer 4.x too), a JSON log, or CSV or JSON lines of `/v1/events.csv` and `/v1/events.jsonl`; logs and exports also packed by gzip or zstd. The daemon may be running. Imported events are judged, but not sent to syslog or other nodes as news, nor to webhooks unless `--webhook-origin all` asks for what others met.',
  examples: [['import /old/sentrypeer.db', 'Merge two databases; repeating it does no harm.']],
  prepare: ({ words: [file, ...more] }) => {
    const from = neededFile(file, 'import FILE');
    refuseMore(more, 'import FILE');
    return async (context) => {
      const { Importer } = await import('@sentrypeer/store');
      const source = await openImportFile(from, context.stopped);
      const counts: Counts = { added: 0, known: 0, unread: 0, makesRoom: false, isDamaged: false };
      using importer = Importer.open(context, context.config.dbFile);
      const { dbFile } = context.config;
      const rows =
        source.kind === 'database'
          ? await databaseRows(from, dbFile, counts)
          : lineRows(from, source.octets, counts);
      try {
        await addAll(importer, from, rows, counts, context);
      } catch (error) {
        throw counts.added === 0 ? error : sayingHowFar(error, counts.added);
      }
      const { isKept } = importer;
      const { added, known, unread, makesRoom, isDamaged } = counts;
      if (added + known === 0 && unread > 0) throw unreadable(from);
      return {
        text: `${countOf(added, 'event')} of ${shown(from)} added, ${countOf(known, 'event')} known before${unread > 0 ? `, ${countOf(unread, 'line')} not read` : ''}.\n`,
        json: {
          file: from,
          added,
          known,
          unread,
          kept_beyond_limits: isKept,
          makes_room: makesRoom,
          damaged: isDamaged,
        },
        remark: `${isDamaged ? DAMAGED : ''}${isKept ? KEPT : ''}${makesRoom ? MAKES_ROOM : ''}`,
        isBad: isDamaged,
      };
    };
  },
};

/** What was added stays; the next run adds only the rest. */
function sayingHowFar(error: unknown, added: number): unknown {
  if (!(error instanceof OperatingError)) return error;
  return new OperatingError(
    error.code,
    `${error.message}; ${countOf(added, 'event')} ${added === 1 ? 'was' : 'were'} added before that, and another run adds only the rest`,
    { cause: error },
  );
}

async function databaseRows(
  file: string,
  own: string,
  counts: Counts,
): Promise<Iterable<ImportedRow>> {
  const { readDatabase } = await import('@sentrypeer/store');
  return readDatabase(file, own, () => (counts.isDamaged = true));
}

/** In transactions of a few hundred rows, between which a daemon can record. */
async function addAll(
  importer: Importer,
  file: string,
  rows: Iterable<ImportedRow> | AsyncIterable<ImportedRow>,
  counts: Counts,
  { clock, logger, stopped }: CommandContext,
): Promise<void> {
  let batch: ImportedRow[] = [];
  let toldAtMs = clock.nowMs();
  const flush = (): void => {
    const { added, known } = importer.add(batch);
    counts.added += added;
    counts.known += known;
    batch = [];
    if (!counts.makesRoom && added > 0 && importer.makesRoom) {
      counts.makesRoom = true;
      logger.warn('import_makes_room', { added: counts.added });
    }
    if (clock.nowMs() - toldAtMs < IMPORT_PROGRESS_MS) return;
    toldAtMs = clock.nowMs();
    logger.warn('import_running', {
      added: counts.added,
      known: counts.known,
      unread: counts.unread,
    });
  };
  try {
    for await (const row of rows) {
      if (batch.push(row) < IMPORT_ROWS) continue;
      flush();
      await turn(); // Otherwise no signal would be noticed.
      if (stopped.aborted) throw stoppedWhile(file, stopped.reason);
    }
  } catch (error) {
    // What comes before the damage in a file is worth keeping; after a failure of the database, nothing is.
    if (isOfFile(error)) flush();
    throw error;
  }
  flush();
}

function isOfFile(error: unknown): boolean {
  return error instanceof OperatingError && error.code.startsWith('import_');
}

async function* lineRows(
  file: string,
  octets: AsyncIterable<Uint8Array>,
  counts: Counts,
): AsyncGenerator<ImportedRow> {
  const reader = new LinesReader();
  const rowsOf = ({ rows, unreadCount }: LinesRead): readonly ImportedRow[] => {
    counts.unread += unreadCount;
    return rows;
  };
  for await (const line of linesOf(octets)) {
    yield* rowsOf(reader.take(line));
    if (!reader.isKnown && counts.unread >= IMPORT_SEARCH_LINES) throw unreadable(file);
  }
  yield* rowsOf(reader.end());
  if (!reader.isKnown) throw unreadable(file);
}

function unreadable(file: string): OperatingError {
  return new OperatingError(
    'import_unknown',
    `${shown(file)} is neither a database, nor a JSON log, nor CSV of /v1/events (whose first line names the columns); nothing was imported`,
  );
}

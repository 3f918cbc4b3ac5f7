// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { OperatingError } from '@sentrypeer/kernel';
import type { ImportedRow, Importer } from '@sentrypeer/store';
import { IMPORT_PROGRESS_MS, IMPORT_ROWS } from '../limits.ts';
import type { Command, CommandContext } from './command.ts';
import { readerOf, type LineReader } from './import-lines.ts';
import { countOf, shown } from './text.ts';
import { neededFile, refuseMore } from './words.ts';

/** First octets of every SQLite file, https://www.sqlite.org/fileformat2.html §1.3. */
const SQLITE_MAGIC = 'SQLite format 3\0';

interface Counts {
  added: number;
  known: number;
  /** Lines that are not events. */
  unread: number;
}

export const IMPORT: Command = {
  name: 'import',
  form: 'FILE',
  doc: 'Add the events of FILE that are not there yet: a database (of SentryPeer 4.x too), a JSON log, or CSV or JSON lines of `/v1/events.csv` and `/v1/events.jsonl`. The daemon may be running. Imported events are judged, but not sent to syslog or other nodes as news, nor to webhooks unless `--webhook-origin all` asks for what others met.',
  examples: [['import /old/sentrypeer.db', 'Merge two databases; repeating it does no harm.']],
  prepare: ({ words: [file, ...more] }) => {
    const from = neededFile(file, 'import FILE');
    refuseMore(more, 'import FILE');
    return async (context) => {
      const { Importer } = await import('@sentrypeer/store');
      const isDatabase = (await beginningOf(from)) === SQLITE_MAGIC;
      const counts: Counts = { added: 0, known: 0, unread: 0 };
      using importer = Importer.open(context, context.config.dbFile);
      const { dbFile } = context.config;
      const rows = isDatabase ? await databaseRows(from, dbFile) : lineRows(from, counts);
      await addAll(importer, rows, counts, context).catch((error: unknown) => {
        throw counts.added === 0 ? error : sayingHowFar(error, counts.added);
      });
      const isKept = importer.finish();
      const { added, known, unread } = counts;
      return {
        text: `${countOf(added, 'event')} of ${shown(from)} added, ${countOf(known, 'event')} known before${unread > 0 ? `, ${countOf(unread, 'line')} not read` : ''}.\n`,
        json: { file: from, added, known, unread, kept_beyond_limits: isKept },
        ...(isKept && {
          remark: 'Some are older than --retention-days: they stay until sentrypeer prune --yes.\n',
        }),
      };
    };
  },
};

/** What was added stays, so that the next run goes on where this one ended. */
function sayingHowFar(error: unknown, added: number): unknown {
  if (!(error instanceof OperatingError)) return error;
  return new OperatingError(
    error.code,
    `${error.message}; ${countOf(added, 'event')} ${added === 1 ? 'was' : 'were'} added before that: run it again for the rest`,
    { cause: error },
  );
}

async function databaseRows(file: string, own: string): Promise<Iterable<ImportedRow>> {
  const { readDatabase } = await import('@sentrypeer/store');
  return readDatabase(file, own);
}

/** In transactions of a few hundred rows, between which a daemon can record. */
async function addAll(
  importer: Importer,
  rows: Iterable<ImportedRow> | AsyncIterable<ImportedRow>,
  counts: Counts,
  { clock, logger }: CommandContext,
): Promise<void> {
  let batch: ImportedRow[] = [];
  let toldAtMs = clock.nowMs();
  const flush = (): void => {
    const { added, known } = importer.add(batch);
    counts.added += added;
    counts.known += known;
    batch = [];
    if (clock.nowMs() - toldAtMs < IMPORT_PROGRESS_MS) return;
    toldAtMs = clock.nowMs();
    logger.warn('import_running', { ...counts });
  };
  for await (const row of rows) {
    if (batch.push(row) >= IMPORT_ROWS) flush();
  }
  flush();
}

async function* lineRows(file: string, counts: Counts): AsyncGenerator<ImportedRow> {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  let read: LineReader | undefined;
  let isFirst = true;
  for await (const line of lines) {
    const wasFirst = isFirst;
    isFirst = false;
    if (wasFirst) read = readerOf(line);
    if (read === undefined) throw unreadable(file);
    const row = read(line);
    if (row !== undefined) yield row;
    else if (line !== '' && !(wasFirst && !line.startsWith('{'))) counts.unread += 1;
  }
  if (isFirst) throw unreadable(file);
}

/** Enough octets to tell what kind of file it is. */
async function beginningOf(file: string): Promise<string> {
  try {
    await using handle = await open(file, 'r');
    const octets = new Uint8Array(SQLITE_MAGIC.length);
    const { bytesRead } = await handle.read(octets, 0, octets.length, 0);
    return new TextDecoder('latin1').decode(octets.subarray(0, bytesRead));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
    throw new OperatingError(
      'import_unreadable',
      `${shown(file)} cannot be read (${code}); name a file that this user may read`,
      { cause },
    );
  }
}

function unreadable(file: string): OperatingError {
  return new OperatingError(
    'import_unknown',
    `${shown(file)} is neither a database, nor a JSON log, nor CSV of /v1/events; nothing was imported`,
  );
}

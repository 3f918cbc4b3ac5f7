// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Listed, ListedKind } from './feed.ts';
import type { ListFormat } from './list-formats.ts';
import { csvHead, csvLine } from './listing-csv.ts';
import { listingEntry, numberText } from './v1/entries.ts';

/** A list of numbers for one kind of program, and the kinds of entries it can hold. */
export interface NumberFormat extends ListFormat {
  readonly kinds: readonly ListedKind[];
}

const TEXT = 'text/plain; charset=utf-8';
/**
 * The first row of each table for Kamailio: a number that nobody dials. Its modules keep the old entries when a table
 * has no rows at all, so without it the last number would still be refused after it left the list.
 */
const NOBODY = '0'.repeat(20);
/** Columns of these tables have 32 bits. */
const TABLE_INTEGER_MAX = 2_147_483_647;
const NUMBERS: readonly ListedKind[] = ['number'];
const WITH_RANGES: readonly ListedKind[] = ['number', 'range'];

/** One number per line, with its plus; the last digits of a range are `x`. */
const plainText: NumberFormat = {
  kinds: WITH_RANGES,
  mediaType: TEXT,
  begin: () => '',
  end: () => '',
  page: (entries) => entries.map((entry) => `${numberText(entry)}\n`).join(''),
  changes: {
    begin: () => '',
    add: (entries) => entries.map((entry) => `${numberText(entry)}\n`).join(''),
  },
};

/** RFC 4180. */
const csv: NumberFormat = {
  kinds: WITH_RANGES,
  mediaType: 'text/csv; charset=utf-8; header=present',
  begin: () => csvHead('number'),
  end: () => '',
  page: (entries) => entries.map((entry) => csvLine(numberText(entry), entry)).join(''),
};

/** One JSON array, one entry per line. */
const json: NumberFormat = {
  kinds: WITH_RANGES,
  mediaType: 'application/json',
  begin: () => '[',
  end: () => '\n]\n',
  page: (entries, isFirst) =>
    entries
      .map((entry, index) => {
        const comma = isFirst && index === 0 ? '' : ',';
        return `${comma}\n${JSON.stringify(listingEntry(entry))}`;
      })
      .join(''),
};

/**
 * A table of Kamailio's `db_text` for its `htable`: the number without its plus, and the score. Key type 0 is text,
 * value type 1 a number; an entry expires (seconds since the epoch).
 */
const htable: NumberFormat = {
  kinds: NUMBERS,
  mediaType: TEXT,
  begin: () =>
    'id(int,auto) key_name(string) key_type(int) value_type(int) key_value(string) expires(int)\n' +
    `0:${NOBODY}:0:1:0:0\n`,
  end: () => '',
  page: (entries) =>
    entries
      .map(({ value, score, listingId, untilEpochUs }) =>
        [tableId(listingId), value, 0, 1, score, tableSeconds(untilEpochUs)].join(':'),
      )
      .map((line) => `${line}\n`)
      .join(''),
};

/** A table of `db_text` with prefixes: a number begins with itself, and a range is a prefix, of numbers of any length. */
function prefixTable(column: string): NumberFormat {
  return {
    kinds: WITH_RANGES,
    mediaType: TEXT,
    begin: () => `id(int,auto) prefix(string) ${column}(int)\n0:${NOBODY}:0\n`,
    end: () => '',
    page: (entries) =>
      entries
        .map(({ value, listingId }) => `${tableId(listingId)}:${value.replaceAll('x', '')}:0\n`)
        .join(''),
  };
}

/** A table of `db_text` for Kamailio's `mtree`: the longest prefix of a number that is listed, and its score. */
const mtree: NumberFormat = {
  kinds: WITH_RANGES,
  mediaType: TEXT,
  begin: () => `id(int,auto) tprefix(string) tvalue(string)\n0:${NOBODY}:0\n`,
  end: () => '',
  page: (entries) =>
    entries
      .map(({ value, score, listingId }) =>
        [tableId(listingId), value.replaceAll('x', ''), score].join(':'),
      )
      .map((line) => `${line}\n`)
      .join(''),
};

/** Ids only have to differ between the entries of one moment. */
function tableId(listingId: number): number {
  return (listingId % TABLE_INTEGER_MAX) + 1; // 0 is the first row's.
}

/** A later end would be read as another time, perhaps as one that has passed. */
function tableSeconds(epochUs: number): number {
  return Math.min(Math.ceil(epochUs / 1e6), TABLE_INTEGER_MAX);
}

/** Commands of Asterisk's console for its own database: family `sentrypeer`, the number without its plus, the score. */
const astdb: NumberFormat = {
  kinds: NUMBERS,
  mediaType: TEXT,
  begin: () => 'database deltree sentrypeer\n',
  end: () => '',
  page: astdbPut,
  changes: {
    begin: () => '',
    add: astdbPut,
    remove: (entries) => entries.map(({ value }) => `database del sentrypeer ${value}\n`).join(''),
  },
};

function astdbPut(entries: readonly Listed[]): string {
  return entries.map(({ value, score }) => `database put sentrypeer ${value} ${score}\n`).join('');
}

/** A context of Asterisk's dialplan: an extension for each number, without its plus, and a pattern for each range. */
const extensions: NumberFormat = {
  kinds: WITH_RANGES,
  mediaType: TEXT,
  begin: () => '[sentrypeer-numbers]\n',
  end: () => '',
  page: (entries) =>
    entries
      .map(({ kind, value, score }) => {
        const pattern = kind === 'range' ? `_${value.replaceAll('x', 'X')}` : value;
        return `exten => ${pattern},1,NoOp(${score})\n`;
      })
      .join(''),
};

/** Lists of numbers, by the ending of the route. */
export const NUMBER_FORMATS = {
  txt: plainText,
  csv,
  json,
  htable,
  mtree,
  userblocklist: prefixTable('allowlist'),
  userblacklist: prefixTable('whitelist'),
  astdb,
  extensions,
} as const satisfies Readonly<Record<string, NumberFormat>>;

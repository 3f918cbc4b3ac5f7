// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinesReader } from '../../../src/commands/import/import-lines.ts';
import { IMPORT_RECORD_LINES_MAX } from '../../../src/commands/import/limits.ts';

const TIME = '2026-11-29 23:38:01.055883000';
const HEAD = 'event_timestamp,source_ip,called_number,sip_message';

/** The called numbers of the rows, and how many lines were not read. */
function read(lines: readonly (string | undefined)[]): readonly [numbers: string, unread: number] {
  const reader = new LinesReader();
  const parts = [...lines.map((line) => reader.take(line)), reader.end()];
  return [
    parts.flatMap(({ rows }) => rows.map((row) => row.called_number ?? '-')).join(' '),
    parts.reduce((sum, { unreadCount }) => sum + unreadCount, 0),
  ];
}

function json(number: string, more: Readonly<Record<string, unknown>> = {}): string {
  const event = { event_timestamp: TIME, source_ip: '192.0.2.1', called_number: number, ...more };
  return JSON.stringify(event);
}

test('a file may begin in the middle of a line, with remarks or with a byte order mark', () => {
  assert.deepEqual(read(['er":"x"}', json('1'), '', json('2')]), ['1 2', 1]);
  assert.deepEqual(read(['# of 2026', '', HEAD, `${TIME},192.0.2.1,1,`]), ['1', 1]);
  assert.deepEqual(read([`\ufeff${json('1')}`]), ['1', 0]);
});

test('lines that are cut, too long or in no known format are counted', () => {
  assert.deepEqual(read([json('1').slice(0, -5), undefined, '\0\0', json('2')]), ['2', 3]);
  assert.deepEqual(read(['{"other":"log"}', '[1]', '[]', '{}']), ['', 3]);
  assert.equal(new LinesReader().isKnown, false);
});

test('arrays of events are read, on one line or on several, and pages of /v1/events', () => {
  assert.deepEqual(read([`[${json('1')},${json('2')}]`]), ['1 2', 0]);
  assert.deepEqual(read([`[${json('1')},`, `${json('2')},`, `${json('3')}]`]), ['1 2 3', 0]);
  assert.deepEqual(read([`{"items":[${json('1')}],"next":null}`]), ['1', 0]);
});

test('what a stranger shared with the node that exported it is left out', () => {
  const shared = { shared: { address: '192.0.2.9', key: null } };
  assert.deepEqual(read([json('1', shared), json('2', { shared: null })]), ['2', 1]);
});

test('quoted fields of CSV may break lines', () => {
  const message = 'INVITE sip:x SIP/2.0\nVia: ""a""\n\n';
  const lines = `${HEAD}\n${TIME},192.0.2.1,1,"${message}"\n${TIME},192.0.2.1,2,`.split('\n');
  assert.deepEqual(read(lines), ['1 2', 0]);
  const reader = new LinesReader();
  const rows = lines.flatMap((line) => reader.take(line).rows);
  assert.equal(rows[0]?.sip_message, message.replaceAll('""', '"'));
});

test('a CSV record that was cut does not spoil the next one', () => {
  const row = (number: string): string => `${TIME},192.0.2.1,${number},"x"`;
  const many = Array.from({ length: IMPORT_RECORD_LINES_MAX + 10 }, () => row('2'));
  const cut = `${TIME},192.0.2.1,1,"INV`;
  for (const rest of [[row('2'), row('3')], [row('2'), cut, row('3')], many]) {
    const [numbers, unread] = read([HEAD, cut, ...rest]);
    const wanted = rest.filter((line) => line !== cut);
    assert.equal(numbers.split(' ').length, wanted.length);
    assert.equal(unread, 1 + rest.length - wanted.length);
  }
});

test('files may follow each other, with other columns or in another order', () => {
  const lines = [HEAD, `${TIME},192.0.2.1,1,`, 'called_number;source_ip;event_timestamp'];
  assert.deepEqual(read([...lines.slice(0, 2), ...lines.slice(0, 2), json('2')]), ['1 1 2', 0]);
  assert.deepEqual(read([lines[2] ?? '', `3;192.0.2.1;${TIME}`]), ['3', 0]);
  const other = ['called_number,source_ip,event_timestamp', `3,192.0.2.1,${TIME}`];
  assert.deepEqual(read([...lines.slice(0, 2), ...other]), ['1 3', 0]);
});

test('times with an offset are read as UTC, and the time of recording is kept', () => {
  for (const [text, wanted] of [
    ['2026-11-29T23:38:01.5Z', '2026-11-29 23:38:01.5'],
    ['2026-11-29T23:38:01.055+05:30', '2026-11-29 18:08:01.055'],
    ['2026-11-29 23:38:01-0800', '2026-11-30 07:38:01'],
    ['yesterday', 'yesterday'],
  ] as const) {
    const { rows } = new LinesReader().take(json('1', { event_timestamp: text }));
    assert.equal(rows[0]?.event_timestamp, wanted);
    assert.equal(rows[0].created_at, wanted.slice(0, 23));
  }
  const recorded = { recorded_at: '2026-11-29T23:40:00.123Z' };
  const { rows } = new LinesReader().take(json('1', recorded));
  assert.equal(rows[0]?.created_at, '2026-11-29 23:40:00.123');
});

test('members of the wrong type, and impossible numbers, are read as nothing', () => {
  const odd = {
    user_agent: 5,
    source_port: '0x10',
    destination_port: 70_000,
    seen_count: [3],
    details: { user: 'a' },
    anomalies: ['no_via', 'bare_lf'],
  };
  const { rows } = new LinesReader().take(json('1', odd));
  const { user_agent, source_port, destination_port, seen_count, details, anomalies } =
    rows[0] ?? {};
  assert.deepEqual(
    [user_agent, source_port, destination_port, seen_count],
    [undefined, undefined, undefined, undefined],
  );
  assert.equal(details, '{"user":"a"}');
  assert.equal(anomalies, 'no_via,bare_lf');
});

test('line ends within a quoted field stay as they are, and those of records may be CR LF', () => {
  const reader = new LinesReader();
  const text = `${HEAD}\r\n${TIME},192.0.2.7,1,"A\r\nB: c\nD\r\n\r\n"\r\n${TIME},192.0.2.7,2,end\r`;
  const rows = text.split('\n').flatMap((line) => reader.take(line).rows);
  assert.deepEqual(
    rows.map(({ called_number, sip_message }) => [called_number, sip_message]),
    [
      ['1', 'A\r\nB: c\nD\r\n\r\n'],
      ['2', 'end'],
    ],
  );
});

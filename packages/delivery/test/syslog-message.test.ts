// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSyslogMessage, formatSyslogText } from '../src/syslog-message.ts';
import { makeEvent } from './memory-event-log.ts';

/** The process's time zone, until the end of the block. */
class Zone implements Disposable {
  readonly #before = process.env['TZ'];

  constructor(name: string) {
    process.env['TZ'] = name;
  }

  [Symbol.dispose](): void {
    if (this.#before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = this.#before;
  }
}

const origin = { pid: 77, hostname: 'pbx.example' };

test("formatSyslogText() writes SentryPeer's line", () => {
  const event = makeEvent(1, {
    sourceIp: '127.0.0.1',
    sipMethod: 'OPTIONS',
    userAgent: 'sipsak 0.9.8.1',
  });
  assert.equal(
    formatSyslogText(event),
    'Source IP: 127.0.0.1, Method: OPTIONS, Agent: sipsak 0.9.8.1',
  );
});

test('formatSyslogText() replaces what could end or disguise the line', () => {
  const userAgent = 'a\r\nb\0c\u001b[2J\u007f\u0085\u2028\u2029\ud800d\u00e9';
  const text = formatSyslogText(makeEvent(1, { userAgent }));
  // A lone surrogate is not a text; `encodeInto` counts it, the replacement stands for it.
  assert.equal(text, 'Source IP: 192.0.2.7, Method: INVITE, Agent: a??b?c?[2J?????d\u00e9');
});

test('formatSyslogText() keeps the method to what the filters match', () => {
  const method = (sipMethod: string): string =>
    formatSyslogText(makeEvent(1, { sipMethod, userAgent: '' }));
  assert.equal(method('NOT_FOUND'), 'Source IP: 192.0.2.7, Method: NOT_FOUND, Agent: ');
  assert.equal(method('X, Agent: 1'), 'Source IP: 192.0.2.7, Method: X__Agent___, Agent: ');
  assert.equal(method(''), 'Source IP: 192.0.2.7, Method: _, Agent: ');
  assert.equal(method('M'.repeat(99)), `Source IP: 192.0.2.7, Method: ${'M'.repeat(32)}, Agent: `);
});

test('formatSyslogText() cuts the agent at 512 octets between characters', () => {
  const agentOf = (userAgent: string): string =>
    formatSyslogText(makeEvent(1, { userAgent })).split('Agent: ')[1] ?? '';
  assert.equal(agentOf('x'.repeat(2000)), 'x'.repeat(512));
  assert.equal(agentOf(`x${'\u{1f4de}'.repeat(2000)}`), `x${'\u{1f4de}'.repeat(127)}`);
});

test('formatSyslogMessage() is RFC 5424 with the time of the event', () => {
  using _zone = new Zone('UTC');
  assert.equal(
    formatSyslogMessage(makeEvent(1), origin),
    '<13>1 2026-11-23T10:00:01.123456+00:00 pbx.example sentrypeer 77 - - Source IP: 192.0.2.7, Method: INVITE, Agent: friendly-scanner',
  );
});

test('formatSyslogMessage() says local time with its offset, that of the day', () => {
  for (const [name, eventTimestamp, expected] of [
    ['Asia/Kolkata', '2026-11-23 20:00:01.123456789', '2026-11-24T01:30:01.123456+05:30'],
    ['America/New_York', '2026-01-01 03:00:01.000000009', '2025-12-31T22:00:01.000000-05:00'],
    ['America/New_York', '2026-07-01 03:00:01.5', '2026-06-30T23:00:01.500000-04:00'],
    ['Asia/Kathmandu', '2026-07-01 03:00:01', '2026-07-01T08:45:01.000000+05:45'],
    ['America/St_Johns', '2026-01-01 03:00:01', '2025-12-31T23:30:01.000000-03:30'],
  ] as const) {
    using _zone = new Zone(name);
    const [, time] = formatSyslogMessage(makeEvent(1, { eventTimestamp }), origin).split(' ');
    assert.equal(time, expected, name);
  }
});

test('formatSyslogMessage() takes nothing but the time from a row that another program wrote', () => {
  using _zone = new Zone('UTC');
  for (const [after, time] of [
    [' x\n<13>1', '-'],
    ['. 1', '-'],
    ['Z\r\n', '-'],
    ['Z', '2026-07-01T03:00:01.000000+00:00'],
    ['+02:00', '2026-07-01T01:00:01.000000+00:00'],
  ] as const) {
    const event = makeEvent(1, { eventTimestamp: `2026-07-01 03:00:01${after}` });
    const [head = ''] = formatSyslogMessage(event, origin).split(' pbx.example');
    assert.equal(head, `<13>1 ${time}`);
  }
});

test('formatSyslogMessage() writes the nil value for a time or name it cannot use', () => {
  const event = makeEvent(1, { eventTimestamp: 'yesterday' });
  assert.equal(
    formatSyslogMessage(event, { pid: 1, hostname: 'my host' }).slice(0, 24),
    '<13>1 - - sentrypeer 1 -',
  );
});

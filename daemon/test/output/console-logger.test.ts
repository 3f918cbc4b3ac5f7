// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConsoleLogger, logLevel, type LogLevel } from '../../src/output/console-logger.ts';

/** A logger whose lines are kept and whose time is set by the test. */
function open(level: LogLevel): { logger: ConsoleLogger; lines: string[]; time: { ms: number } } {
  const lines: string[] = [];
  const time = { ms: 0 };
  const clock = { nowMs: () => time.ms, epochUs: () => 0 };
  const logger = new ConsoleLogger({ clock, write: (line) => lines.push(line) }, { level });
  return { logger, lines, time };
}

test('logLevel() follows -v and -d', () => {
  assert.equal(logLevel({ verbose: false, debug: false }), 'warn');
  assert.equal(logLevel({ verbose: true, debug: false }), 'info');
  assert.equal(logLevel({ verbose: true, debug: true }), 'debug');
});

test('ConsoleLogger writes its level and those above', () => {
  const { logger, lines } = open('info');
  logger.debug('a');
  logger.info('b');
  logger.warn('c');
  logger.error('d');
  assert.deepEqual(lines, ['info b\n', 'warn c\n', 'error d\n']);
});

test('ConsoleLogger writes fields that can be told apart, and leaves out what is undefined', () => {
  const { logger, lines } = open('info');
  logger.info('port_open', { port: 5060, ok: true, none: undefined, empty: '', path: '/a b' });
  logger.info('said', { text: 'x=1 "y"', plain: 'a,b' });
  assert.deepEqual(lines, [
    'info port_open port=5060 ok=true empty="" path="/a b"\n',
    'info said text="x=1 \\"y\\"" plain=a,b\n',
  ]);
});

test('ConsoleLogger escapes what a peer wrote and cuts it to a limit', () => {
  const { logger, lines } = open('info');
  logger.info('agent', { agent: 'x\r\nerror forged\u001b[0m' });
  logger.info('agent', { agent: 'y'.repeat(401) });
  assert.deepEqual(lines, [
    'info agent agent="x\\r\\nerror forged\\x1b[0m"\n',
    `info agent agent="${'y'.repeat(400)}... (1 more characters)"\n`,
  ]);
});

test('ConsoleLogger writes ten lines of an event in ten seconds, and counts the rest', () => {
  const { logger, lines, time } = open('info');
  for (let index = 0; index < 13; index += 1) logger.warn('send_failed', { index });
  assert.equal(lines.length, 10);
  logger.warn('other');
  assert.equal(lines.at(-1), 'warn other\n');
  time.ms = 9_999;
  logger.warn('send_failed');
  assert.equal(lines.length, 11);
  time.ms = 10_000;
  logger.warn('send_failed', { index: 14 });
  assert.equal(lines.at(-1), 'warn send_failed index=14 suppressed=4\n');
  logger.warn('send_failed');
  assert.equal(lines.at(-1), 'warn send_failed\n');
});

test('ConsoleLogger.flush() writes what was suppressed, once', () => {
  const { logger, lines } = open('info');
  for (let index = 0; index < 12; index += 1) logger.warn('send_failed');
  logger.flush();
  logger.flush();
  assert.deepEqual(lines.slice(10), ['warn log_suppressed event=send_failed count=2\n']);
});

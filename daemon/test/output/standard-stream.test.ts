// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STANDARD_STREAM_WAITING_OCTETS_MAX } from '../../src/limits.ts';
import { StandardStream, type OutputStream } from '../../src/output/standard-stream.ts';

class Stream implements OutputStream {
  writableLength = 0;
  destroyed = false;
  failure: Error | undefined;
  text = '';

  write(text: string, done: (error?: Error | null) => void): void {
    if (this.failure === undefined) this.text += text;
    done(this.failure);
  }

  on(): void {
    return undefined;
  }
}

test('StandardStream: what a full disk takes not is counted, and said when there is room', () => {
  const stream = new Stream();
  const output = new StandardStream(stream);
  output.write('a\n');
  stream.failure = new Error('ENOSPC');
  output.write('b\n');
  output.write('c\n');
  assert.equal(output.lostCount, 2);
  stream.failure = undefined;
  output.write('d\n');
  assert.equal(output.lostCount, 0);
  assert.equal(stream.text, 'a\nwarn log_lost count=2 why="could not be written"\nd\n');
});

test('StandardStream: a reader that stands still bounds what waits for it', () => {
  const stream = new Stream();
  const output = new StandardStream(stream);
  stream.writableLength = STANDARD_STREAM_WAITING_OCTETS_MAX + 1;
  output.write('a\n');
  assert.deepEqual([stream.text, output.lostCount], ['', 1]);
  stream.writableLength = 0;
  output.write('b\n');
  assert.equal(stream.text, 'warn log_lost count=1 why="could not be written"\nb\n');
});

test('StandardStream: a stream that is gone is not written to any more', async () => {
  const stream = new Stream();
  const output = new StandardStream(stream);
  stream.destroyed = true;
  output.write('a\n');
  assert.deepEqual([stream.text, output.lostCount], ['', 1]);
  stream.failure = new Error('EPIPE');
  await assert.rejects(output.deliver('b\n'), /EPIPE/);
});

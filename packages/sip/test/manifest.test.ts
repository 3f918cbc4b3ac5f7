// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Every field that the manifests of the torture messages and of the captured requests state. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { parseMessage, StreamFramer } from '../src/index.ts';
import { readManifest, type CorpusEntry } from './corpus.ts';
import { decodedFromTag, FIELDS, fieldsOf } from './fields.ts';

function assertSipMessage(entry: CorpusEntry): void {
  const message = parseMessage(entry.octets);
  assert.deepEqual(fieldsOf(message, entry.expect), entry.expect);
  for (const [name, accepted] of Object.entries(entry.expect_any_of ?? {})) {
    assert.ok(accepted.includes(String(FIELDS[name]?.(message, entry.expect))), name);
  }
  const isVisited = entry.expect['decoded_from_tag'] === undefined;
  if (isVisited) assert.equal(decodedFromTag(message), undefined);
}

function assertNotSip(entry: CorpusEntry): void {
  assert.deepEqual(Object.keys(entry.expect), ['kind', 'must_record']);
  const message = parseMessage(entry.octets);
  assert.equal(message.kind, 'not-sip');
  assert.equal(message.octets, entry.octets);
  assert.equal(message.called.source, 'none');
  const framer = new StreamFramer();
  const frame = [...framer.push(entry.octets), ...framer.flush()][0];
  assert.equal(frame?.kind, 'refused');
  assert.deepEqual(frame.octets, entry.octets, 'what is refused is at hand to be recorded');
}

/** `damaged`: a record with the raw octets, nothing more, and nothing throws. */
function assertDamaged(entry: CorpusEntry): void {
  assert.deepEqual(Object.keys(entry.expect), ['kind', 'method_hint', 'must_record']);
  const message = parseMessage(entry.octets);
  assert.equal(message.octets, entry.octets);
  assert.equal(message.method, entry.expect['method_hint']);
  assert.equal(message.sipVersion !== undefined || message.anomalies().length > 0, true);
}

for (const folder of ['torture', 'samples'] as const) {
  const entries = readManifest(folder);

  test(`parseMessage() reads all files of ${folder}`, async (t) => {
    assert.equal(entries.length, folder === 'torture' ? 74 : 67);
    for (const entry of entries) {
      await t.test(entry.file, () => {
        switch (entry.expect['kind']) {
          case 'request':
          case 'response':
            return assertSipMessage(entry);
          case 'not-sip':
            return assertNotSip(entry);
          case 'damaged':
            return assertDamaged(entry);
          case 'keepalive':
            assert.deepEqual(new StreamFramer().push(entry.octets), [{ kind: 'ping' }]);
            return assert.equal(entry.expect['must_record'], false);
          case 'empty':
            assert.deepEqual(parseMessage(entry.octets).anomalies(), [
              { code: 'empty', offset: 0 },
            ]);
            return assert.equal(entry.expect['must_record'], false);
          default:
            return assert.fail(`unknown kind ${String(entry.expect['kind'])}`);
        }
      });
    }
  });
}

test('the torture files are the octets that the RFCs publish', () => {
  for (const folder of ['torture', 'samples'] as const) {
    for (const entry of readManifest(folder)) {
      const { size, sha256 } = entry as unknown as { size: number; sha256: string };
      assert.equal(entry.octets.length, size, entry.file);
      assert.equal(createHash('sha256').update(entry.octets).digest('hex'), sha256, entry.file);
    }
  }
});

test('StreamFramer finds two messages in dblreq', () => {
  const entry = readManifest('torture').find(({ file }) => file === 'rfc4475/dblreq.dat');
  assert.ok(entry?.if_stream);
  const frames = new StreamFramer().push(entry.octets);
  const messages = frames.flatMap((frame) => (frame.kind === 'message' ? [frame.octets] : []));
  assert.equal(messages.length, 2);
  const [first, second] = messages.map(parseMessage);
  assert.ok(first && second);
  const { trailing_bytes_after_message: _behind, ...expected } = entry.expect;
  assert.deepEqual(fieldsOf(first, expected), expected);
  const expectedSecond = entry.if_stream.second_message;
  assert.deepEqual(fieldsOf(second, expectedSecond), expectedSecond);
});

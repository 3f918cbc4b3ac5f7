// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Text } from '@sentrypeer/bytes';
import { unreachable } from '@sentrypeer/kernel';
import { parseMessage, StreamFramer, type Frame } from '../src/index.ts';
import { listCorpusMarkdown, readCorpusText } from './corpus.ts';
import { parseMarkdownCases, type MarkdownCase } from './corpus-markdown.ts';
import { fieldsOf } from './fields.ts';

function assertDatagram({ octets, expect }: MarkdownCase): void {
  const { anomalies: expected = [], ...fields } = expect;
  const message = parseMessage(octets);
  assert.deepEqual(fieldsOf(message, fields), fields);
  // Ask for every structured header, so that all anomalies are noted.
  fieldsOf(message, { called_number: 0, to_uri: 0, from_uri: 0, cseq_number: 0, via_count: 0 });
  fieldsOf(message, { request_uri_user: 0 });
  const anomalies = message.anomalies().map(({ code, offset }) => `${code} ${offset}`);
  assert.deepEqual(anomalies.toSorted(), [...(expected as readonly string[])].toSorted());
}

/** A frame in a few words: kind, first line or size, what is odd. */
function describe(frame: Frame): string {
  switch (frame.kind) {
    case 'ping':
      return 'ping';
    case 'refused':
      return `refused ${frame.code} ${frame.octets.length}`;
    case 'message': {
      const [firstLine = ''] = latin1Text(frame.octets).split('\r\n');
      const close = frame.close ? ' close' : '';
      const odd = frame.anomalies.map((code) => ` ${code}`).join('');
      const unfinished = frame.isUnfinished ? ' unfinished' : '';
      const first = firstLine.split(' ')[0] ?? '';
      return `message ${first} ${frame.octets.length}${odd}${unfinished}${close}`;
    }
    default:
      return unreachable(frame);
  }
}

function assertStream({ octets, expect }: MarkdownCase): void {
  const expected = expect['frames'];
  const whole = new StreamFramer();
  const frames = whole.push(octets).map(describe);
  const [last] = whole.flush();
  assert.deepEqual(
    last === undefined ? frames : [...frames, `at end: ${describe(last)}`],
    expected,
  );
}

for (const file of listCorpusMarkdown()) {
  const cases = parseMarkdownCases(readCorpusText(file));
  test(`the cases of ${file} give the results next to them`, async (t) => {
    assert.ok(cases.length > 3, 'the file was read');
    for (const entry of cases) {
      await t.test(entry.title, () => {
        if (entry.kind === 'datagram') assertDatagram(entry);
        else assertStream(entry);
      });
    }
  });
}

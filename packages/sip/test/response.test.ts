// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import {
  formatContentLength,
  formatResponse,
  parseMessage,
  reasonPhrase,
  USUAL_SHAPE,
  type ResponseOptions,
  type ViaForm,
} from '../src/index.ts';
import { readManifest } from './corpus.ts';

const SOURCE = { address: '192.0.2.7', port: 50_600 };

function request(...lines: readonly string[]): string {
  return ['OPTIONS sip:100@h SIP/2.0', ...lines, '', ''].join('\r\n');
}

function respond(text: string, options: Partial<ResponseOptions> = {}): string {
  const octets = formatResponse({
    request: parseMessage(latin1Octets(text)),
    status: 200,
    reason: reasonPhrase(200),
    source: SOURCE,
    headers: [],
    ...options,
  });
  return latin1Text(octets);
}

function topVia(via: string, source = SOURCE, form: ViaForm = 'in-place'): string {
  const shape = { ...USUAL_SHAPE, via: form };
  const text = respond(request(`Via: ${via}`), { source, shape });
  return /^Via: (.*)$/m.exec(text.replaceAll('\r', ''))?.[1] ?? '';
}

test('formatResponse() writes the shape that every tool reads', () => {
  const text = request(
    'v:   SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-1',
    't:"100"<sip:100@h>',
    'f: "100"<sip:100@h>; tag=31303001',
    'I:  abc@1 ',
    'CSeq:  1  OPTIONS',
    'Content-Length: 0',
  );
  assert.equal(
    respond(text, {
      toTag: 'as5f3c0a9e',
      headers: [
        ['Server', 'PBX'],
        ['Allow', 'INVITE, ACK'],
      ],
    }),
    [
      'SIP/2.0 200 OK',
      'Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-1',
      'From: "100"<sip:100@h>; tag=31303001',
      'To: "100"<sip:100@h>;tag=as5f3c0a9e',
      'Call-ID: abc@1',
      'CSeq: 1  OPTIONS',
      'Server: PBX',
      'Allow: INVITE, ACK',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
});

test('formatResponse() writes nothing after the body, and its size', () => {
  const withText = respond(request(), { body: 'v=0\r\n' });
  assert.ok(withText.endsWith('\r\nContent-Length: 5\r\n\r\nv=0\r\n'), withText);
  const octets = Uint8Array.of(0xff, 0x00);
  assert.ok(respond(request(), { body: octets }).endsWith('Content-Length: 2\r\n\r\n\xff\0'));
});

test('formatResponse() copies every Via in order, each line as it came', () => {
  const text = respond(
    request('Via: SIP/2.0/UDP 192.0.2.7;branch=1, SIP/2.0/TCP b ;x', 'v: SIP/2.0/TLS', ' c'),
  );
  assert.ok(
    text.includes(
      'Via: SIP/2.0/UDP 192.0.2.7;branch=1, SIP/2.0/TCP b ;x\r\nVia: SIP/2.0/TLS c\r\nContent-',
    ),
    text,
  );
});

test('formatResponse() adds received and rport only to the topmost Via', () => {
  assert.equal(
    topVia('SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9 , SIP/2.0/UDP 10.0.0.2;rport'),
    'SIP/2.0/UDP 10.0.0.1:5060;rport=50600;branch=z9;received=192.0.2.7, SIP/2.0/UDP 10.0.0.2;rport',
  );
  assert.equal(topVia('SIP/2.0/UDP h;branch=1'), 'SIP/2.0/UDP h;branch=1;received=192.0.2.7');
});

test('formatResponse() adds received where rport asks for it, and nothing where nobody asks', () => {
  assert.equal(
    topVia('SIP/2.0/UDP 192.0.2.7;RPORT'),
    'SIP/2.0/UDP 192.0.2.7;rport=50600;received=192.0.2.7',
  );
  assert.equal(topVia('SIP/2.0/UDP 192.0.2.7:9;branch=1'), 'SIP/2.0/UDP 192.0.2.7:9;branch=1');
  assert.equal(topVia('SIP/2.0/UDP 192.0.2.7;rport=9'), 'SIP/2.0/UDP 192.0.2.7;rport=9');
});

test('formatResponse() replaces what the peer wrote as received', () => {
  assert.equal(
    topVia('SIP/2.0/UDP h;received=198.51.100.1;rport;alias'),
    'SIP/2.0/UDP h;rport=50600;alias;received=192.0.2.7',
  );
});

test('formatResponse() keeps a port that the peer wrote, and no empty parameter', () => {
  assert.equal(
    topVia('SIP/2.0/UDP h;rport=9;branch=1;'),
    'SIP/2.0/UDP h;rport=9;branch=1;received=192.0.2.7',
  );
});

for (const [form, asked, unasked, sameHostAsked, sameHostUnasked] of [
  [
    'in-place',
    ';rport=50600;b=1;received=192.0.2.7',
    ';b=1;received=192.0.2.7',
    ';rport=50600;b=1;received=192.0.2.7',
    ';b=1',
  ],
  [
    'in-place-both',
    ';rport=50600;b=1;received=192.0.2.7',
    ';b=1;rport=50600;received=192.0.2.7',
    ';rport=50600;b=1;received=192.0.2.7',
    ';b=1',
  ],
  [
    'in-place-other-host',
    ';rport=50600;b=1;received=192.0.2.7',
    ';b=1;received=192.0.2.7',
    ';rport=50600;b=1',
    ';b=1',
  ],
  [
    'first',
    ';rport=50600;received=192.0.2.7;b=1',
    ';rport=50600;received=192.0.2.7;b=1',
    ';rport=50600;received=192.0.2.7;b=1',
    ';rport=50600;received=192.0.2.7;b=1',
  ],
  [
    'last',
    ';b=1;received=192.0.2.7;rport=50600',
    ';b=1;received=192.0.2.7;rport=50600',
    ';b=1;received=192.0.2.7;rport=50600',
    ';b=1;received=192.0.2.7;rport=50600',
  ],
] as const) {
  test(`formatResponse() writes received and rport ${form}`, () => {
    const parametersOf = (host: string, parameters: string) => {
      const start = `SIP/2.0/UDP ${host}`;
      const via = topVia(`${start}${parameters}, SIP/2.0/UDP b;rport`, SOURCE, form);
      assert.ok(via.startsWith(start) && via.endsWith(', SIP/2.0/UDP b;rport'), via);
      return via.slice(start.length, via.indexOf(','));
    };
    assert.deepEqual(
      [
        parametersOf('h', ';rport;b=1'),
        parametersOf('h', ';b=1'),
        parametersOf('192.0.2.7', ';rport;b=1'),
        parametersOf('192.0.2.7', ';b=1'),
      ],
      [asked, unasked, sameHostAsked, sameHostUnasked],
    );
  });
}

test('formatResponse() repeats the lines of the request as they were sent, if that is the shape', () => {
  const text = request(
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    'v: SIP/2.0/UDP h;rport',
    't: <sip:100@h>',
    'VIA: SIP/2.0/UDP b;rport',
    'call-id: 7',
    'f: <sip:1@h>;tag=1',
    'From: <sip:2@h>',
    'Record-Route: <sip:p>',
    't: <sip:101@h>',
  );
  const shape = { ...USUAL_SHAPE, order: 'as-in-request' } as const;
  assert.deepEqual(respond(text, { shape, toTag: 'x' }).split('\r\n'), [
    'SIP/2.0 200 OK',
    'CSeq: 1 OPTIONS',
    'v: SIP/2.0/UDP h;rport=50600;received=192.0.2.7',
    't: <sip:100@h>;tag=x',
    'VIA: SIP/2.0/UDP b;rport',
    'call-id: 7',
    'f: <sip:1@h>;tag=1',
    'Content-Length: 0',
    '',
    '',
  ]);
});

test('formatResponse() repeats Record-Route in what creates a dialog only', () => {
  const text = request('Record-Route: <sip:p;lr>, <sip:q>', 'Record-Route: <sip:r>', 'Call-ID: 1');
  const shape = { ...USUAL_SHAPE, order: ['Call-ID', 'Record-Route'] } as const;
  const lines =
    '\r\nCall-ID: 1\r\nRecord-Route: <sip:p;lr>, <sip:q>\r\nRecord-Route: <sip:r>\r\nContent-';
  for (const status of [180, 200, 299])
    assert.ok(respond(text, { shape, status }).includes(lines), String(status));
  for (const status of [100, 300, 404])
    assert.ok(!respond(text, { shape, status }).includes('Record-Route'), String(status));
});

test('formatContentLength() writes plain numbers, or columns as PJSIP does', () => {
  assert.equal(formatContentLength(0), 'Content-Length: 0\r\n');
  assert.equal(formatContentLength(0, 'columns'), 'Content-Length:  0\r\n');
  assert.equal(formatContentLength(129, 'columns'), 'Content-Length:   129\r\n');
});

test('formatResponse() writes IPv6 in received without brackets, and compares without them', () => {
  const source = { address: '2001:db8::7', port: 5060 };
  assert.equal(topVia('SIP/2.0/UDP [2001:DB8::7]:9', source), 'SIP/2.0/UDP [2001:DB8::7]:9');
  assert.equal(
    topVia('SIP/2.0/UDP [2001:db8::8]', source),
    'SIP/2.0/UDP [2001:db8::8];received=2001:db8::7',
  );
});

test('formatResponse() copies a Via that it cannot read', () => {
  assert.equal(topVia('nonsense;rport'), 'nonsense;rport');
});

test('formatResponse() keeps a To tag that is there', () => {
  const toOf = (to: string, toTag?: string) =>
    /^To: (.*)\r$/m.exec(respond(request(`To: ${to}`), toTag === undefined ? {} : { toTag }))?.[1];
  assert.equal(toOf('<sip:1@h>;tag=mine', 'as1'), '<sip:1@h>;tag=mine');
  assert.equal(toOf('sip:1@h;TAG=mine', 'as1'), 'sip:1@h;TAG=mine');
  assert.equal(toOf('<sip:1@h;tag=in-uri>', 'as1'), '<sip:1@h;tag=in-uri>;tag=as1');
  assert.equal(toOf('<sip:1@h>'), '<sip:1@h>');
});

test('formatResponse() copies the first of repeated headers, octets unchanged', () => {
  const text = respond(
    request('From: "\xd0\xb9\x07" <sip:1@h>', 'From: <sip:2@h>', 'i: 1', 'i: 2'),
  );
  assert.ok(text.includes('\r\nFrom: "\xd0\xb9\x07" <sip:1@h>\r\nCall-ID: 1\r\n'), text);
});

test('formatResponse() lets no text begin a header of its own', () => {
  const text = respond(request(), { headers: [['Contact', '<sip:a\r\nX: y\n@h>']] });
  assert.ok(text.includes('\r\nContact: <sip:a  X: y @h>\r\n'), text);
  for (const end of ['\r', '\n']) {
    const { length } = respond(request(), { reason: `a${end}X: y` }).split(/[\r\n]+/);
    assert.equal(length, 3, 'a status line, Content-Length and what follows them');
  }
});

test('formatResponse() answers every request of the corpora with one readable message', () => {
  const entries = [...readManifest('torture'), ...readManifest('samples')];
  const requests = entries.filter(({ expect }) => expect['kind'] === 'request');
  assert.ok(requests.length > 100);
  for (const { file, octets } of requests) {
    const message = parseMessage(octets);
    const toTag = 'as5f3c0a9e';
    const answer = parseMessage(
      formatResponse({
        request: message,
        status: 404,
        reason: reasonPhrase(404),
        toTag,
        source: SOURCE,
        headers: [],
        body: 'x',
      }),
    );
    assert.equal(answer.kind, 'response', file);
    assert.equal(answer.statusCode, 404, file);
    assert.equal(answer.header('from'), message.header('from'), file);
    assert.equal(answer.header('call-id'), message.header('call-id'), file);
    assert.equal(answer.header('cseq'), message.header('cseq'), file);
    assert.equal(answer.to?.tag, message.to === undefined ? undefined : (message.to.tag ?? toTag));
    assert.deepEqual(
      answer.vias.map(({ sentBy, branch }) => [sentBy, branch]),
      message.vias.map(({ sentBy, branch }) => [sentBy, branch]),
      file,
    );
    assert.equal(answer.bodySize, 1, file);
    assert.equal(answer.contentLength, 1, file);
  }
});

test('reasonPhrase() is never empty', () => {
  assert.equal(reasonPhrase(487), 'Request Terminated');
  for (let status = 100; status < 700; status += 1) assert.ok(reasonPhrase(status).length > 1);
  assert.equal(reasonPhrase(999), 'Unknown');
});

test('reasonPhrase() has a phrase for each code of RFC 3261 that we may send, and for each class', () => {
  const classes = [199, 299, 399, 499, 599, 699].map(reasonPhrase);
  assert.deepEqual(classes, [
    'Progress',
    'OK',
    'Redirection',
    'Request Failure',
    'Server Failure',
    'Global Failure',
  ]);
  const codes = [
    100, 180, 181, 182, 183, 202, 302, 400, 401, 403, 404, 405, 406, 407, 408, 410, 413,
  ];
  codes.push(414, 415, 416, 420, 423, 480, 481, 482, 484, 486, 487, 488, 489, 491, 500, 501, 503);
  codes.push(505, 600, 603, 604, 607, 608);
  const phrases = new Set([...codes.map(reasonPhrase), ...classes]);
  assert.equal(phrases.size, codes.length + classes.length, 'no phrase is said twice');
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import { NumberingPlans, readQuestion } from '@sentrypeer/numbers';
import { parseMessage } from '@sentrypeer/sip';
import type { Judgement, Question } from '@sentrypeer/verdict';
import { REFUSALS } from '../src/index.ts';
import {
  asked,
  BAD,
  headerOf,
  judgementOf,
  linesOf,
  newAgent,
  NOW_US,
  request,
  statusOf,
  WATCHED,
} from './asking.ts';

const TO_BAD = { uri: `sip:${BAD}@pbx.example`, to: `<sip:${BAD}@pbx.example>` };

test('Agent sends a call that is not listed to the destination, with its number', () => {
  const { agent, questions } = newAgent();
  const answer = agent.receive(asked(request()));
  assert.deepEqual(linesOf(answer), [
    'SIP/2.0 302 Moved Temporarily',
    'Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-a',
    'From: "Alice" <sip:100@pbx.example>;tag=f00d',
    `To: <sip:0046701740605@pbx.example>;tag=${parseMessage(answer.reply ?? new Uint8Array()).to?.tag}`,
    'Call-ID: call-1',
    'CSeq: 1 INVITE',
    'Contact: <sip:0046701740605@192.0.2.10:5060>',
    'X-SentryPeer-Verdict: not-listed;score=0;reason="nothing is known"',
    'Content-Length: 0',
    '',
    '',
  ]);
  assert.deepEqual(questions, [{ number: '0046701740605', address: '127.0.0.1' }]);
  assert.deepEqual(answer.decision, {
    epochUs: NOW_US,
    kind: 'call',
    outcome: 'redirected',
    status: 302,
    level: 'none',
    peer: '127.0.0.1',
    transport: 'UDP',
    callId: 'call-1',
    account: '100',
    number: '0046701740605',
    e164: undefined,
    address: '127.0.0.1',
    score: 0,
    reasons: ['nothing is known'],
  });
});

test('Agent refuses a listed call with the status it was given, and says why', () => {
  for (const refusal of REFUSALS) {
    const answer = newAgent({ refusal }).agent.receive(asked(request(TO_BAD)));
    assert.match(statusOf(answer) ?? '', new RegExp(`^SIP/2\\.0 ${refusal} [A-Z]`));
    assert.equal(headerOf(answer, 'Contact'), undefined);
    const why = String.raw`"the number was called 5 times at the honeypot; it says \"no\"Evil: 1"`;
    assert.equal(headerOf(answer, 'Reason'), `Q.850;cause=21;text=${why}`);
    assert.equal(
      headerOf(answer, 'X-SentryPeer-Verdict'),
      `listed;score=87;number=442071234567;until=1772366460;reason=${why}`,
    );
    assert.equal(answer.decision?.outcome, 'refused');
    assert.equal(answer.decision.status, refusal);
    assert.equal(answer.decision.e164, '442071234567');
  }
});

test('Agent lets a watched call through with a header that says so, unless it is to refuse it', () => {
  const watched = { uri: `sip:${WATCHED}@pbx.example` };
  const passed = newAgent().agent.receive(asked(request(watched)));
  assert.equal(statusOf(passed), 'SIP/2.0 302 Moved Temporarily');
  assert.match(headerOf(passed, 'X-SentryPeer-Verdict') ?? '', /^watch;score=40;/);
  assert.equal(passed.decision?.level, 'watch');
  const refused = newAgent({ refusesWatched: true }).agent.receive(asked(request(watched)));
  assert.equal(statusOf(refused), 'SIP/2.0 404 Not Found');
  assert.match(headerOf(refused, 'X-SentryPeer-Verdict') ?? '', /^listed;level=watch;score=40;/);
});

for (const [uri, contact, question] of [
  ['urn:service:sos', 'sip:112@192.0.2.10:5060', 'urn:service:sos'],
  ['urn:service:sos.police', 'sip:112@192.0.2.10:5060', 'urn:service:sos.police'],
  ['urn:service:sos;x=y', 'sip:112@192.0.2.10:5060', 'urn:service:sos;x=y'],
  ['urn:nena:service:sos.psap', 'sip:112@192.0.2.10:5060', 'urn:nena:service:sos.psap'],
  ['sip:sos@pbx.example', 'sip:112@192.0.2.10:5060', 'sip:sos@pbx.example'],
  ['sip:urn:service:sos@pbx.example', 'sip:112@192.0.2.10:5060', 'sip:urn:service:sos@pbx.example'],
] as const) {
  test(`Agent lets a call for help to ${uri} through`, () => {
    const { agent, questions } = newAgent();
    const to = '<sip:pbx.example>';
    const answer = agent.receive(asked(request({ uri, to })));
    assert.equal(statusOf(answer), 'SIP/2.0 302 Moved Temporarily');
    assert.equal(headerOf(answer, 'Contact'), `<${contact}>`);
    assert.match(headerOf(answer, 'X-SentryPeer-Verdict') ?? '', /^not-listed;/);
    assert.equal(questions.at(-1)?.number, question);
    const bare = newAgent({ destination: undefined, refusal: 603 }).agent;
    assert.equal(statusOf(bare.receive(asked(request({ uri, to })))), 'SIP/2.0 404 Not Found');
  });
}

const FROM_LISTED =
  'SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-a, SIP/2.0/UDP 203.0.113.66:5060;branch=z9hG4bK-b';
const plans = await NumberingPlans.load();
/** Reads what is asked for, and lists one address. */
const reader = (question: Question): Judgement => {
  const { number = '', address = '' } = question;
  const { kind, digits } = readQuestion(plans, number);
  const judgement = judgementOf({ address });
  return {
    ...judgement,
    number: { ...judgementOf({ number: BAD }).number, kind, digits } as never,
  };
};

for (const [uri, contact] of [
  ['im:alice@pbx.example', 'sip:im%3Aalice%40pbx.example@192.0.2.10:5060'],
  ['urn:service:counseling', 'sip:urn%3Aservice%3Acounseling@192.0.2.10:5060'],
  ['http://pbx.example/', 'sip:http%3A%2F%2Fpbx.example%2F@192.0.2.10:5060'],
  ['sip:pbx.example', 'sip:192.0.2.10:5060'],
  ['sip:@pbx.example', 'sip:192.0.2.10:5060'],
  ['tel:', 'sip:192.0.2.10:5060'],
  [`sip:${'a'.repeat(129)}@pbx.example`, `sip:${'a'.repeat(129)}@192.0.2.10:5060`],
  [`sip:${'4'.repeat(33)}@pbx.example`, `sip:${'4'.repeat(33)}@192.0.2.10:5060`],
  [`tel:+${'4'.repeat(33)}`, `sip:+${'4'.repeat(33)}@192.0.2.10:5060`],
] as const) {
  test(`Agent lets a call to ${uri.slice(0, 30)} through, which nobody can read, whoever makes it`, () => {
    for (const via of [undefined, FROM_LISTED]) {
      const asks = { uri, to: '<sip:pbx.example>', ...(via === undefined ? {} : { via }) };
      const answer = newAgent({ refusesWatched: true }, reader).agent.receive(asked(request(asks)));
      assert.equal(statusOf(answer), 'SIP/2.0 302 Moved Temporarily');
      assert.equal(headerOf(answer, 'Contact'), `<${contact}>`);
      assert.equal(headerOf(answer, 'X-SentryPeer-Verdict'), 'unread');
      assert.equal(answer.decision?.level, 'unread');
      const bare = newAgent({ destination: undefined, refusal: 603 }, reader).agent;
      const next = bare.receive(asked(request(asks)));
      assert.equal(statusOf(next), 'SIP/2.0 404 Not Found');
      assert.equal(headerOf(next, 'X-SentryPeer-Verdict'), 'unread');
    }
  });
}

for (const user of ['alice', '2001', '4'.repeat(32), '0046701740605,,123', 'a'.repeat(128)]) {
  test(`Agent refuses a listed address a call to ${user.slice(0, 30)}, which it can read`, () => {
    const { agent } = newAgent({ refusal: 603 }, reader);
    const uri = `sip:${user}@pbx.example`;
    const answer = agent.receive(asked(request({ uri, via: FROM_LISTED })));
    assert.equal(statusOf(answer), 'SIP/2.0 603 Decline');
    assert.equal(statusOf(agent.receive(asked(request({ uri })))), 'SIP/2.0 302 Moved Temporarily');
  });
}

test('Agent refuses a listed address a registration without an account', () => {
  const { agent } = newAgent({ refusal: 603 }, reader);
  const register = { method: 'REGISTER', uri: 'sip:pbx.example', to: '<sip:pbx.example>' };
  const answer = agent.receive(asked(request({ ...register, via: FROM_LISTED })));
  assert.equal(statusOf(answer), 'SIP/2.0 603 Decline');
});

test('Agent without a destination lets the asker try its next route', () => {
  const { agent } = newAgent({ refusal: 603, destination: undefined });
  const answer = agent.receive(asked(request()));
  assert.equal(statusOf(answer), 'SIP/2.0 404 Not Found');
  assert.equal(answer.decision?.outcome, 'passed');
  assert.equal(headerOf(answer, 'Reason'), undefined);
});

test('Agent judges a registration by its account, and sends it to the registrar', () => {
  const { agent, questions } = newAgent();
  const register = { method: 'REGISTER', uri: 'sip:pbx.example', to: '<sip:104@pbx.example>' };
  const answer = agent.receive(asked(request(register)));
  assert.equal(statusOf(answer), 'SIP/2.0 302 Moved Temporarily');
  assert.equal(headerOf(answer, 'Contact'), '<sip:192.0.2.10:5060>');
  assert.deepEqual(questions, [{ number: '104', address: '127.0.0.1' }]);
  assert.equal(answer.decision?.kind, 'registration');
  const listed = agent.receive(asked(request({ ...register, to: `<sip:${BAD}@pbx.example>` })));
  assert.equal(statusOf(listed), 'SIP/2.0 404 Not Found');
});

test('Agent judges the address that the asker noted in the Via below its own', () => {
  const own = 'SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-a';
  for (const [below, address] of [
    ['SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK-b;received=203.0.113.66;rport=1024', '203.0.113.66'],
    ['SIP/2.0/UDP 203.0.113.66:5060;branch=z9hG4bK-b', '203.0.113.66'],
    ['SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bK-b', '2001:db8::1'],
    ['SIP/2.0/TLS phone.example;branch=z9hG4bK-b', undefined],
  ] as const) {
    const { agent } = newAgent();
    const forged = 'SIP/2.0/UDP 203.0.113.66;branch=z9hG4bK-c';
    const { decision } = agent.receive(asked(request({ via: `${own}, ${below}, ${forged}` })));
    assert.equal(decision?.address, address);
    assert.equal(decision?.outcome, address === '203.0.113.66' ? 'refused' : 'redirected');
  }
});

test('Agent reads a global phone-context with the number', () => {
  const { agent, questions } = newAgent();
  agent.receive(asked(request({ uri: 'sip:5551234;phone-context=+1212@pbx.example;user=phone' })));
  agent.receive(asked(request({ uri: 'tel:7042;phone-context=pbx.example' })));
  assert.deepEqual(
    questions.map(({ number }) => number),
    ['5551234;phone-context=+1212', '7042'],
  );
});

for (const [user, contact] of [
  ['112;phone-context=+4930', 'sip:112@192.0.2.10:5060'],
  ['911;phone-context=+1-416', 'sip:911@192.0.2.10:5060'],
  ['112;phone-context=+49', 'sip:112@192.0.2.10:5060'],
] as const) {
  test(`Agent sends a call for help to ${user} to the number that is dialled there`, () => {
    // As the judge does: a call for help is let through, whoever makes it.
    const judge = (question: Question): Judgement => {
      const judgement = reader(question);
      return judgement.number?.kind === 'emergency'
        ? { ...judgementOf({}), number: judgement.number }
        : judgement;
    };
    const { agent } = newAgent({}, judge);
    const uri = `sip:${user}@pbx.example;user=phone`;
    const answer = agent.receive(asked(request({ uri, via: FROM_LISTED })));
    assert.equal(statusOf(answer), 'SIP/2.0 302 Moved Temporarily');
    assert.equal(headerOf(answer, 'Contact'), `<${contact}>`);
  });
}

test('Agent sends a local number to the destination with its context', () => {
  const uri = 'sip:5551234;phone-context=+1212@pbx.example;user=phone';
  const answer = newAgent({}, reader).agent.receive(asked(request({ uri })));
  assert.equal(headerOf(answer, 'Contact'), '<sip:+12125551234@192.0.2.10:5060>');
  assert.equal(answer.decision?.number, '+12125551234');
});

test('Agent answers 500 where nothing can be judged, so that who fails open goes on', () => {
  const { agent } = newAgent({}, () => undefined);
  const answer = agent.receive(asked(request()));
  assert.equal(statusOf(answer), 'SIP/2.0 500 Server Internal Error');
  assert.equal(answer.decision?.outcome, 'failed');
});

test('Agent gives a repeated INVITE and its CANCEL the same tag, and others another', () => {
  const { agent } = newAgent();
  const tag = (text: string, by = agent): string | undefined =>
    parseMessage(by.receive(asked(text)).reply ?? new Uint8Array()).to?.tag;
  const first = tag(request());
  assert.match(first ?? '', /^[0-9a-f]{16}$/);
  assert.equal(tag(request()), first);
  assert.equal(tag(request({ method: 'CANCEL' })), first);
  assert.notEqual(tag(request({ via: 'SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-b' })), first);
  assert.notEqual(tag(request(), newAgent({ secret: new Uint8Array(32) }).agent), first);
});

test('Agent answers a CANCEL with 200, keep-alives with 200 and Allow, ACK not at all', () => {
  const { agent, questions } = newAgent();
  const cancel = agent.receive(asked(request({ method: 'CANCEL' })));
  assert.equal(statusOf(cancel), 'SIP/2.0 200 OK');
  assert.equal(cancel.what, 'cancel');
  const options = agent.receive(asked(request({ method: 'OPTIONS', uri: 'sip:127.0.0.1:5062' })));
  assert.equal(statusOf(options), 'SIP/2.0 200 OK');
  assert.equal(headerOf(options, 'Allow'), 'INVITE, ACK, CANCEL, OPTIONS, REGISTER');
  assert.equal(options.what, 'keep-alive');
  const ack = agent.receive(asked(request({ method: 'ACK' })));
  assert.deepEqual([ack.what, ack.reply], ['ack', undefined]);
  assert.deepEqual(questions, []);
});

test('Agent refuses what is not its business, and judges none of it', () => {
  const { agent, questions } = newAgent();
  for (const [parts, status] of [
    [{ method: 'MESSAGE' }, '405 Method Not Allowed'],
    [{ method: 'BYE', to: '<sip:a@b>;tag=1' }, '405 Method Not Allowed'],
    [{ to: '<sip:0046701740605@pbx.example>;tag=x' }, '481 Call/Transaction Does Not Exist'],
    [{ cseq: '1 BYE' }, '400 Bad Request'],
    [{ via: 'nonsense' }, '400 Bad Request'],
  ] as const) {
    const answer = agent.receive(asked(request(parts)));
    assert.equal(statusOf(answer), `SIP/2.0 ${status}`);
    assert.equal(answer.what, 'refusal');
    const allows = headerOf(answer, 'Allow') !== undefined;
    assert.equal(allows, status.startsWith('405'));
  }
  const old = agent.receive(asked(request().replace('SIP/2.0\r\nVia', 'SIP/3.0\r\nVia')));
  assert.equal(statusOf(old), 'SIP/2.0 505 Version Not Supported');
  assert.deepEqual(questions, []);
});

test('Agent says nothing to responses, to what is not SIP and to what an answer could not echo', () => {
  const { agent } = newAgent();
  for (const text of [
    '',
    'GET / HTTP/1.1\r\n\r\n',
    request().replace('INVITE sip:0046701740605@pbx.example:5070 SIP/2.0', 'SIP/2.0 200 OK'),
    ...['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) =>
      request().replace(`\r\n${name}:`, '\r\nX-Other:'),
    ),
  ]) {
    const answer = agent.receive(asked(text));
    assert.deepEqual([answer.what, answer.reply], ['nothing', undefined], text);
  }
});

test('Agent replies to the port of sent-by where rport is not asked for (RFC 3581)', () => {
  const { agent } = newAgent();
  for (const [sentBy, port] of [
    ['127.0.0.1:5080;branch=z9hG4bK-a', 5080],
    ['127.0.0.1;branch=z9hG4bK-a', 5060],
    ['127.0.0.1:5080;rport;branch=z9hG4bK-a', 40_000],
    ['127.0.0.1:53;branch=z9hG4bK-a', 40_000],
  ] as const) {
    const text = request({ via: `SIP/2.0/UDP ${sentBy}` });
    assert.equal(agent.receive(asked(text, { sourcePort: 40_000 })).replyPort, port, sentBy);
  }
});

test('Agent lets no called number leave its place in the answer (property)', () => {
  const { agent } = newAgent();
  const names = ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'X-SentryPeer-Verdict'];
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (user) => {
      const text = request({ uri: `sip:${encodeURIComponentLoosely(user)}@pbx.example` });
      const answer = agent.receive(asked(text));
      if (answer.decision?.outcome !== 'redirected') return;
      const contact = headerOf(answer, 'Contact') ?? '';
      assert.match(contact, /^<sip:[-0-9A-Za-z_.!~*'()+%]+@192\.0\.2\.10:5060>$/);
      const found = linesOf(answer).slice(1, -2);
      assert.deepEqual(
        found.map((line) => line.slice(0, line.indexOf(':'))),
        [...names, 'Content-Length'],
      );
    }),
  );
});

test('Agent never throws, and answers no octets that are not a request (property)', () => {
  const { agent } = newAgent();
  const mutated = fc
    .tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }))
    .map(([at, octets]) => {
      const message = latin1Octets(request());
      message.set(octets.subarray(0, message.length - (at % message.length)), at % message.length);
      return message;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (octets) => {
      const { reply } = agent.receive({ ...asked(''), octets });
      if (reply === undefined) return;
      assert.equal(parseMessage(reply).kind, 'response', latin1Text(reply));
    }),
  );
});

/** Each octet of the text in UTF-8 as an escape, except for letters and digits. */
function encodeURIComponentLoosely(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((octet) => `%${octet.toString(16).padStart(2, '0')}`)
    .join('');
}

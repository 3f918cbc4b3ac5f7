// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatEventTimestamp } from '@sentrypeer/event';
import { BAD_ACTORS, publicKeyHash, valueIdOf } from '../src/dht-keys.ts';
import { fromText, importKey, signatureIsOf, toText } from '../src/ed25519.ts';
import { encodeClaim, isSharable } from '../src/encode-claim.ts';
import {
  APPLICATION_CHARACTERS_MAX,
  FUTURE_US_MAX,
  LOCAL_TIME_FUTURE_US_MAX,
  METHOD_CHARACTERS_MAX,
  NUMBER_CHARACTERS_MAX,
  RECEIVED_AGE_US_MAX,
  RECEIVED_OCTETS_MAX,
  SHARED_OCTETS_MAX,
} from '../src/limits.ts';
import { parseClaim, type ClaimRefusal } from '../src/parse-claim.ts';
import { claimHolds } from '../src/verify-claim.ts';
import {
  APP_VERSION,
  legacyClaim,
  NETWORK,
  newSigner,
  NOW_US,
  octetsOf,
  recorded,
  sharedObject,
  uuidOf,
} from './claims.ts';

const SIGNER = newSigner();
const OPTIONS = { signer: SIGNER, network: NETWORK, appVersion: APP_VERSION };
const LEGACY_MEMBERS = Object.keys(
  JSON.parse(new TextDecoder().decode(legacyClaim())) as Readonly<Record<string, unknown>>,
);

function refusalOf(octets: Uint8Array): ClaimRefusal | undefined {
  const parsed = parseClaim(octets, NOW_US);
  return parsed.ok ? undefined : parsed.code;
}

test('`encodeClaim()` has the thirteen members of 4.x in their order, all texts, and no word of where the honeypot is', () => {
  const object = sharedObject(SIGNER, recorded(SIGNER.nodeId));
  assert.deepEqual(Object.keys(object).slice(0, 13), LEGACY_MEMBERS);
  assert.ok(Object.values(object).every((value) => typeof value === 'string'));
  assert.equal(object['sip_message'], '');
  assert.equal(object['destination_ip'], '');
  assert.ok(!JSON.stringify(object).includes('9.9.9.9'));
});

test('`encodeClaim()` stays within one datagram whatever the event says', () => {
  const longest = recorded(SIGNER.nodeId, {
    sourceIp: '2a01:4f8:1111:2222:3333:4444:5555:6666',
    sipMethod: 'SUBSCRIBE',
    userAgent: 'é"\\\u0001'.repeat(500),
    grade: 'handshake',
  });
  const octets = encodeClaim(longest, OPTIONS);
  assert.ok(octets !== undefined && octets.length <= SHARED_OCTETS_MAX, String(octets?.length));
  assert.ok(parseClaim(octets, NOW_US).ok);
  const tooLong = recorded(SIGNER.nodeId, { calledNumber: '1'.repeat(120) });
  assert.equal(encodeClaim(tooLong, OPTIONS), undefined);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (userAgent) => {
      const encoded = encodeClaim(recorded(SIGNER.nodeId, { userAgent }), OPTIONS);
      return (
        encoded !== undefined &&
        encoded.length <= SHARED_OCTETS_MAX &&
        parseClaim(encoded, NOW_US).ok
      );
    }),
    { numRuns: 50 },
  );
});

test('`encodeClaim()` makes the same octets of the same event', () => {
  const event = recorded(SIGNER.nodeId);
  assert.deepEqual(encodeClaim(event, OPTIONS), encodeClaim(event, OPTIONS));
});

test('`parseClaim()` and `claimHolds()` take what `encodeClaim()` made, only in its own network', () => {
  const octets = encodeClaim(recorded(SIGNER.nodeId), OPTIONS);
  const parsed = parseClaim(octets ?? new Uint8Array(), NOW_US);
  const key = importKey(SIGNER.publicKey);
  assert.ok(parsed.ok && parsed.signature !== undefined && key !== undefined);
  assert.ok(claimHolds(parsed.claim, parsed.signature, key, NETWORK));
  assert.ok(!claimHolds(parsed.claim, parsed.signature, key, 0));
  assert.equal(parsed.claim.grade, 'returned');
});

test('`claimHolds()` refuses a claim of which any signed member was changed', () => {
  const object = sharedObject(SIGNER, recorded(SIGNER.nodeId));
  const key = importKey(SIGNER.publicKey);
  assert.ok(key !== undefined);
  const changes: Readonly<Record<string, string>> = {
    event_timestamp: formatEventTimestamp(NOW_US - 2_000_000).slice(0, 23),
    event_uuid: '00000000-0000-4000-8000-000000000000',
    collected_method: 'passive',
    transport_type: 'TCP',
    source_ip: '45.12.3.5',
    destination_ip: '45.1.1.1',
    called_number: '1',
    sip_method: 'REGISTER',
    sip_user_agent: 'another',
    grade: 'handshake',
    sip_message: 'x',
  };
  for (const [name, value] of Object.entries(changes)) {
    const parsed = parseClaim(octetsOf({ ...object, [name]: value }), NOW_US);
    assert.ok(parsed.ok && parsed.signature !== undefined, name);
    assert.ok(!claimHolds(parsed.claim, parsed.signature, key, NETWORK), name);
  }
});

test('`parseClaim()` takes what nodes of 4.x share, unsigned', () => {
  const parsed = parseClaim(legacyClaim(), NOW_US);
  assert.ok(parsed.ok);
  assert.equal(parsed.signature, undefined);
  assert.equal(parsed.claim.grade, '');
  assert.equal(parsed.claim.sourceAddress, '45.12.3.4');
  const sources: readonly (readonly [string, string])[] = [
    ['45.12.3.4:5060', '45.12.3.4'],
    ['[2a01:4f8::1]:5060', '2a01:4f8::1'],
    ['2A01:04F8:0:0::0001', '2a01:4f8::1'],
    ['::ffff:45.12.3.4', '45.12.3.4'],
  ];
  for (const [source, address] of sources) {
    const other = parseClaim(legacyClaim({ source_ip: source }), NOW_US);
    assert.ok(other.ok, source);
    assert.equal(other.claim.sourceAddress, address);
  }
});

test('`parseClaim()` refuses what is not a JSON object, too large or without a member', () => {
  const text = (json: string): Uint8Array => new TextEncoder().encode(json);
  for (const json of ['', '{', '[]', 'null', '"x"', '1', '['.repeat(16_000)])
    assert.equal(refusalOf(text(json)), 'not_json', json.slice(0, 10));
  assert.equal(refusalOf(Uint8Array.of(0x7b, 0xff, 0x7d)), 'not_json');
  const broken = legacyClaim({ sip_user_agent: 'x' });
  broken[broken.lastIndexOf(0x78)] = 0xff;
  assert.equal(refusalOf(broken), 'not_json', 'octets that are not UTF-8, in a text');
  assert.equal(refusalOf(legacyClaim({ sip_message: 'x'.repeat(20_000) })), 'too_large');
  for (const name of LEGACY_MEMBERS) {
    assert.equal(refusalOf(legacyClaim({ [name]: undefined })), 'member_missing', name);
    assert.equal(refusalOf(legacyClaim({ [name]: 5 })), 'member_missing', name);
  }
  assert.equal(refusalOf(text('{"__proto__":{"app_name":"x"}}')), 'member_missing');
});

test('`parseClaim()` refuses a member that says what cannot be', () => {
  const wrong: readonly (readonly [string, string])[] = [
    ['event_timestamp', 'yesterday'],
    ['event_timestamp', '2027-01-15 08:00:00.x'],
    ['event_timestamp', '2027-01-15 08:00:00.1234567890'],
    ['event_timestamp', '2027-01-15 08:00:00.'],
    ['event_timestamp', '2027-01-15 08:00:00Z'],
    ['event_timestamp', '2027-01-15 08:00.123'],
    ['event_timestamp', '2027-01-15 08:00:00.12:'],
    ['event_timestamp', '2027-01-15 08:00:00.1/2'],
    ['event_timestamp', '2027-13-15 08:00:00.123'],
    ['event_uuid', '00000000-0000-4000-8000-0000000000000'],
    ['event_uuid', '00000000x0000-4000-8000-000000000000'],
    ['event_uuid', 'not-a-uuid'],
    ['event_uuid', '00000000-0000-4000-8000-00000000000g'],
    ['created_by_node_id', ''],
    ['collected_method', 'guessed'],
    ['transport_type', 'SCTP'],
    ['source_ip', '8.8.8.8;rm'],
    ['source_ip', '8.8.8'],
    ['source_ip', '1e1.8.8.8'],
    ['source_ip', '8.8.8.8:x'],
    ['source_ip', 'fe80::1%eth0'],
    ['destination_ip', 'here'],
    ['called_number', ''],
    ['called_number', '1\u0007'],
    ['called_number', '1'.repeat(200)],
    ['sip_method', 'IN VITE'],
    ['sip_method', 'INVITE\r\n'],
    ['sip_method', 'X'.repeat(40)],
    ['sip_user_agent', 'a\nb'],
    ['sip_user_agent', 'a\u009bb'],
    ['sip_user_agent', 'a\u202eb'],
    ['sip_user_agent', '\ud800'],
    ['sip_message', 'a\0b'],
    ['app_version', 'v\u001b[31m'],
    ['grade', 'certain'],
  ];
  for (const [name, value] of wrong)
    assert.equal(refusalOf(legacyClaim({ [name]: value })), 'member_invalid', `${name} ${value}`);
});

test('`parseClaim()` reads the fraction of a second as whoever wrote it means it', () => {
  const at = (event_timestamp: string): number | undefined => {
    const parsed = parseClaim(legacyClaim({ event_timestamp }), NOW_US);
    return parsed.ok ? parsed.claim.eventEpochUs - Date.UTC(2027, 0, 15, 8) * 1000 : undefined;
  };
  assert.equal(at('2027-01-15 08:00:00'), 0);
  assert.equal(at('2027-01-15 08:00:00.123'), 123_000, 'ours: milliseconds');
  assert.equal(at('2027-01-15 08:00:00.999'), 999_000);
  assert.equal(at('2027-01-15 08:00:00.5000'), 5, 'nanoseconds of 4.x, without zeros before them');
  assert.equal(at('2027-01-15 08:00:00.123456789'), 123_456);
});

test('`parseClaim()` takes a destination that 4.x does not know, and every transport and grade', () => {
  for (const changes of [
    { destination_ip: 'NOT_FOUND' },
    { destination_ip: '' },
    { transport_type: 'TLS' },
    { transport_type: 'TCP' },
    ...['seen', 'returned', 'handshake', ''].map((grade) => ({ grade })),
    { sip_method: 'X'.repeat(METHOD_CHARACTERS_MAX) },
    { called_number: '1'.repeat(NUMBER_CHARACTERS_MAX) },
  ]) {
    assert.equal(refusalOf(legacyClaim(changes)), undefined, JSON.stringify(changes));
  }
  assert.equal(refusalOf(legacyClaim({ grade: 5 })), 'member_invalid');
});

test('`parseClaim()` refuses times to come and times long gone', () => {
  const at = (offsetUs: number): string => formatEventTimestamp(NOW_US + offsetUs);
  const hourUs = 3_600_000_000;
  // Local time of a node whose zone is not known.
  assert.equal(refusalOf(legacyClaim({ event_timestamp: at(13 * hourUs) })), undefined);
  assert.equal(refusalOf(legacyClaim({ event_timestamp: at(15 * hourUs) })), 'future');
  assert.equal(refusalOf(legacyClaim({ event_timestamp: at(-31 * 24 * hourUs) })), 'too_old');
  const signed = recorded(SIGNER.nodeId, { eventTimestamp: at(hourUs) });
  assert.equal(refusalOf(octetsOf(sharedObject(SIGNER, signed))), 'future');
});

test('`parseClaim()` takes what is just within each limit, and nothing beyond', () => {
  const at = (offsetUs: number): string => formatEventTimestamp(NOW_US + offsetUs);
  const message = (octets: number): string => {
    const rest = legacyClaim({ sip_message: '' }).length;
    return 'x'.repeat(octets - rest);
  };
  for (const [name, within, beyond, code] of [
    ['app_name', 'x'.repeat(APPLICATION_CHARACTERS_MAX), 'x', 'member_invalid'],
    ['app_version', 'x'.repeat(APPLICATION_CHARACTERS_MAX), 'x', 'member_invalid'],
    ['called_number', '1'.repeat(NUMBER_CHARACTERS_MAX), '1', 'member_invalid'],
    ['sip_method', 'X'.repeat(METHOD_CHARACTERS_MAX), 'X', 'member_invalid'],
    ['sip_message', message(RECEIVED_OCTETS_MAX), 'x', 'too_large'],
  ] as const) {
    assert.equal(refusalOf(legacyClaim({ [name]: within })), undefined, name);
    assert.equal(refusalOf(legacyClaim({ [name]: within + beyond })), code, name);
  }
  const times = (event_timestamp: string): ClaimRefusal | undefined =>
    refusalOf(legacyClaim({ event_timestamp }));
  assert.equal(times(at(LOCAL_TIME_FUTURE_US_MAX)), undefined);
  assert.equal(times(at(LOCAL_TIME_FUTURE_US_MAX + 1)), 'future');
  assert.equal(times(at(-RECEIVED_AGE_US_MAX)), undefined);
  assert.equal(times(at(-RECEIVED_AGE_US_MAX - 1)), 'too_old');
  const object = sharedObject(SIGNER, recorded(SIGNER.nodeId));
  const signed = (event_timestamp: string): ClaimRefusal | undefined =>
    refusalOf(octetsOf({ ...object, event_timestamp }));
  assert.equal(signed(at(FUTURE_US_MAX)), undefined);
  assert.equal(signed(at(FUTURE_US_MAX + 1)), 'future');
});

test('`parseClaim()` gives what the members say, and ids in lower case', () => {
  const id = uuidOf('legacy node');
  const parsed = parseClaim(
    legacyClaim({
      created_by_node_id: id.toUpperCase(),
      event_uuid: id.toUpperCase(),
      destination_ip: '[2001:db8::1]:5060',
      collected_method: 'passive',
    }),
    NOW_US,
  );
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.claim, {
    eventTimestamp: formatEventTimestamp(NOW_US - 1_000_000),
    eventEpochUs: NOW_US - 1_000_000,
    eventUuid: id,
    nodeId: id,
    collectedMethod: 'passive',
    transportType: 'UDP',
    sourceIp: '45.12.3.4',
    sourceAddress: '45.12.3.4',
    destinationIp: '[2001:db8::1]:5060',
    calledNumber: '00442071234567',
    sipMethod: 'INVITE',
    userAgent: 'friendly-scanner',
    sipMessage: 'INVITE sip:1@192.168.1.2 SIP/2.0\r\nVia: x\r\n\r\n',
    grade: '',
  });
});

test('`parseClaim()` refuses an id made of a key without a signature, and a signature without such an id', () => {
  const { sig: _sig, ...object } = sharedObject(SIGNER, recorded(SIGNER.nodeId));
  assert.equal(refusalOf(octetsOf(object)), 'unsigned');
  assert.equal(refusalOf(octetsOf({ ...object, sig: 'x' })), 'forged');
  assert.equal(refusalOf(octetsOf({ ...object, sig: 5 })), 'forged');
  assert.equal(refusalOf(legacyClaim({ sig: 'A'.repeat(86) })), 'forged');
});

test('`parseClaim()` refuses private and special-purpose sources, `isSharable()` does not share them', () => {
  const special = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '172.31.255.255',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.0.1',
    '198.19.0.1',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'ff02::172',
    '2001:db8::1',
    '2001::1',
    '2002:a00:1::1',
    '3fff::1',
    '64:ff9b::a00:1',
    '::ffff:10.0.0.1',
  ];
  for (const source of special) {
    assert.equal(refusalOf(legacyClaim({ source_ip: source })), 'special_address', source);
    assert.ok(!isSharable(recorded(SIGNER.nodeId, { sourceIp: source })), source);
  }
  for (const source of ['1.1.1.1', '172.32.0.1', '100.128.0.1', '223.255.255.1', '2606:4700::1'])
    assert.ok(isSharable(recorded(SIGNER.nodeId, { sourceIp: source })), source);
});

test('`parseClaim()` answers whatever the octets are', () => {
  const object = JSON.parse(new TextDecoder().decode(legacyClaim())) as Record<string, unknown>;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
      parseClaim(octets, NOW_US);
    }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...LEGACY_MEMBERS, 'sig', 'grade'),
      fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
      (name, value) => {
        const parsed = parseClaim(octetsOf({ ...object, [name]: value }), NOW_US);
        return !parsed.ok || typeof value === 'string';
      },
    ),
    { numRuns: 500 },
  );
});

test('`isSharable()` takes SIP with a method and a number that fit, from a public address', () => {
  const fits = (changes: Parameters<typeof recorded>[1]) =>
    isSharable(recorded(SIGNER.nodeId, changes));
  assert.equal(fits({}), true);
  assert.equal(fits({ sipMethod: 'M'.repeat(METHOD_CHARACTERS_MAX) }), true);
  assert.equal(fits({ sipMethod: 'M'.repeat(METHOD_CHARACTERS_MAX + 1) }), false);
  assert.equal(fits({ sipMethod: 'IN VITE' }), false);
  assert.equal(fits({ sipMethod: '' }), false);
  assert.equal(fits({ calledNumber: '1'.repeat(NUMBER_CHARACTERS_MAX) }), true);
  assert.equal(fits({ calledNumber: '1'.repeat(NUMBER_CHARACTERS_MAX + 1) }), false);
  assert.equal(fits({ calledNumber: '' }), false);
  assert.equal(fits({ calledNumber: '1\u202e2' }), false);
  assert.equal(fits({ sourceIp: '10.0.0.1' }), false);
  assert.equal(fits({ sipMethod: 'NOT_FOUND' }), false);
});

test('`encodeClaim()` names the program, a time to the millisecond, and a signature of 86 characters', () => {
  const event = recorded(SIGNER.nodeId);
  const object = sharedObject(SIGNER, {
    ...event,
    eventTimestamp: '2027-01-15 07:59:59.123456789',
  });
  assert.equal(object['app_name'], 'sentrypeer');
  assert.equal(object['event_timestamp'], '2027-01-15 07:59:59.123');
  assert.match(object['sig'] ?? '', /^[A-Za-z0-9_-]{86}$/);
  assert.equal(sharedObject(SIGNER, { ...event, grade: undefined })['grade'], '');
});

test('`encodeClaim()` uses all of its room, and splits no character', () => {
  const sizeOf = (userAgent: string): number =>
    encodeClaim(recorded(SIGNER.nodeId, { userAgent }), OPTIONS)?.length ?? 0;
  const room = SHARED_OCTETS_MAX - sizeOf('');
  assert.equal(sizeOf('x'.repeat(room)), SHARED_OCTETS_MAX);
  assert.equal(sizeOf('x'.repeat(room + 1)), SHARED_OCTETS_MAX);
  const agentOf = (userAgent: string) =>
    sharedObject(SIGNER, recorded(SIGNER.nodeId, { userAgent }))['sip_user_agent'];
  assert.equal(agentOf('x'.repeat(room)), 'x'.repeat(room));
  for (const character of ['😀', '文', 'é', '"']) {
    for (let count = 0; count < 8; count += 1) {
      const agent = `${'x'.repeat(count)}${character.repeat(room)}`;
      assert.ok(agentOf(agent)?.isWellFormed());
      assert.ok(agent.startsWith(agentOf(agent) ?? '-'));
      assert.ok(sizeOf(agent) > SHARED_OCTETS_MAX - 6, 'no whole character more would fit');
    }
  }
  // Exactly too long without any User-Agent: then there is no claim.
  const longNumber = (digits: number) =>
    encodeClaim(
      recorded(SIGNER.nodeId, { userAgent: 'x', calledNumber: '1'.repeat(digits) }),
      OPTIONS,
    );
  const digits = room + '00442071234567'.length;
  assert.equal(longNumber(digits)?.length, SHARED_OCTETS_MAX);
  assert.equal(longNumber(digits + 1), undefined);
});

test('a key has 32 octets that are a point, and a text of octets one spelling and the right size', () => {
  assert.equal(importKey(SIGNER.publicKey.subarray(0, 31)), undefined);
  assert.equal(importKey(new Uint8Array([...SIGNER.publicKey, 0])), undefined);
  const octets = new Uint8Array(64).fill(251);
  const text = toText(octets);
  assert.equal(text.length, 86);
  assert.deepEqual(fromText(text, 64), octets);
  assert.equal(fromText(text, 63), undefined);
  assert.equal(fromText(`${text}==`, 64), undefined);
  assert.equal(fromText(`${text} `, 64), undefined);
  assert.equal(fromText('!'.repeat(86), 64), undefined);
  const key = importKey(SIGNER.publicKey);
  assert.ok(key !== undefined);
  const said = new TextEncoder().encode('said');
  assert.equal(signatureIsOf(key, said, SIGNER.sign(said)), true);
  assert.equal(signatureIsOf(key, said, SIGNER.sign(said).subarray(1)), false);
});

test('values and keys are where other nodes look for them', () => {
  const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');
  const hexOf = (hash: unknown): string =>
    hash instanceof Uint8Array ? hash.toHex() : String(hash);
  assert.equal(hexOf(BAD_ACTORS), sha1('bad_actors'));
  assert.equal(hexOf(publicKeyHash(SIGNER.nodeId)), sha1(`sentrypeer key ${SIGNER.nodeId}`));
  const uuid = uuidOf('an event');
  const hash = createHash('sha256').update(`sentrypeer value ${uuid}`).digest();
  assert.equal(valueIdOf(uuid), hash.readBigUInt64BE());
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What each row of the event log adds to the evidence against its source and the digits that were dialled. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEventTimestamp } from '@sentrypeer/event';
import { DOUBT_US, EARLIEST_US } from '../../src/clock/plausible.ts';
import { DistinctSet, setCount } from '../../src/judging/distinct.ts';
import { EvidenceSums, type AddressSum, type DialledSum } from '../../src/judging/evidence-sums.ts';
import { CALLED_NUMBER_CHARACTERS_MAX } from '../../src/limits.ts';
import { DAY_US, NODE_ID, NOON_US } from '../fixtures.ts';

type Row = Readonly<Record<string, unknown>>;

const SOURCE = '11.22.33.44';
const NUMBER = '00442071234567';

/** A call whose caller proved to be there. */
const ROW: Row = {
  event_timestamp: formatEventTimestamp(NOON_US),
  created_at: formatEventTimestamp(NOON_US + 5000),
  message_kind: 'request',
  source_ip: SOURCE,
  called_number: NUMBER,
  transport_type: 'UDP',
  method: 'INVITE',
  user_agent: 'friendly-scanner',
  grade: 'returned',
  created_by_node_id: NODE_ID,
  has_credentials: 0,
  is_hearsay: 0,
};

function sumsOf(rows: readonly Row[], options: { readonly countsLocalCallers?: boolean } = {}) {
  const sums = new EvidenceSums({
    countsLocalCallers: false,
    toolOf: (userAgent) => (userAgent === 'friendly-scanner' ? 'SIPVicious' : undefined),
    ...options,
  });
  for (const row of rows) sums.add({ ...ROW, ...row }, NOON_US);
  return sums;
}

function address(...rows: readonly Row[]): AddressSum | undefined {
  return sumsOf(rows).addresses.get(SOURCE);
}

function number(...rows: readonly Row[]): DialledSum | undefined {
  return sumsOf(rows).dialled.get(NUMBER);
}

function counted(set: DistinctSet | undefined): number {
  const bits = BigInt.asUintN(64, set?.toColumn() ?? 0n);
  return setCount({ s_low: Number(bits & 0xffff_ffffn), s_high: Number(bits >> 32n) }, 's');
}

test('EvidenceSums.add() sums up what one address did', () => {
  const sum = address({}, { grade: 'handshake', transport_type: 'TCP', has_credentials: 1 }, {});
  assert.ok(sum !== undefined);
  assert.deepEqual(
    [sum.grade, sum.eventsCount, sum.callsCount, sum.attemptsCount, sum.credentialsCount],
    [2, 3, 3, 3, 1],
  );
  assert.deepEqual([sum.transportBits, sum.tool], [0b11, 'SIPVicious']);
  assert.deepEqual([...sum.calls], [[NUMBER, 3]]);
  assert.deepEqual([sum.firstUs, sum.lastUs], [NOON_US, NOON_US]);
  assert.deepEqual([...sum.days], [Math.floor(NOON_US / DAY_US)]);
  assert.equal(counted(sum.targets), 1);
});

test('EvidenceSums.add() counts nothing against a source that only a packet claims, or that is not SIP', () => {
  const seen = sumsOf([{ grade: 'seen' }, { grade: undefined }]);
  assert.equal(seen.addresses.size, 0);
  assert.equal(seen.dialled.get(NUMBER)?.eventsCount, 2);
  assert.equal(seen.dialled.get(NUMBER)?.proved.eventsCount, 0);
  const http = sumsOf([{ message_kind: 'not-sip', called_number: null, method: null }]);
  assert.deepEqual([http.addresses.size, http.dialled.size], [0, 0]);
});

test('EvidenceSums.add() counts nothing that other nodes share', () => {
  const sums = sumsOf([{ is_hearsay: 1 }]);
  assert.deepEqual([sums.addresses.size, sums.dialled.size], [0, 0]);
});

test('EvidenceSums.add() counts as an attempt only what asks for more than whether somebody is there', () => {
  const harmless = ['NOT_FOUND', 'OPTIONS', 'ACK', 'BYE', 'CANCEL', 'PRACK', null];
  for (const method of harmless) {
    const sum = address({ method });
    assert.deepEqual([sum?.attemptsCount, sum?.callsCount], [0, 0], String(method));
    assert.equal(counted(sum?.targets), 0);
  }
  for (const method of ['REGISTER', 'MESSAGE', 'X']) {
    const sums = sumsOf([{ method, called_number: '100' }]);
    const sum = sums.addresses.get(SOURCE);
    assert.deepEqual([sum?.attemptsCount, sum?.callsCount, sums.dialled.size], [1, 0, 0], method);
    assert.equal(counted(sum?.targets), 1);
  }
});

test('EvidenceSums.add() takes nothing for a number that is missing, empty or too long', () => {
  const longest = '1'.repeat(CALLED_NUMBER_CHARACTERS_MAX);
  for (const called of [null, '', 'NOT_FOUND', `${longest}1`, 5]) {
    const sums = sumsOf([{ called_number: called }]);
    assert.equal(sums.dialled.size, 0, String(called));
    assert.equal(sums.addresses.get(SOURCE)?.callsCount, 0);
    assert.equal(counted(sums.addresses.get(SOURCE)?.targets), 0);
  }
  assert.deepEqual([...sumsOf([{ called_number: longest }]).dialled.keys()], [longest]);
});

test('EvidenceSums.add() keeps the first tool, and each known transport', () => {
  const sum = address({ user_agent: 'a phone' }, {}, { user_agent: null, transport_type: 'WS' });
  assert.deepEqual([sum?.tool, sum?.transportBits], ['SIPVicious', 0b1]);
  assert.equal(address({ transport_type: 'TLS', user_agent: null })?.transportBits, 0b100);
  assert.equal(address({ user_agent: 'a phone' })?.tool, undefined);
});

test('EvidenceSums.add() takes a /64 of IPv6 for one source, and a /28 for one network', () => {
  const sums = sumsOf(
    ['2a00:1450:1::1', '2a00:1450:1::2', '2a00:145f:2::1', '2a00:14:3::1', '2a00:1460::1'].map(
      (source_ip) => ({ source_ip }),
    ),
  );
  assert.deepEqual(
    [...sums.addresses.keys()],
    ['2a00:1450:1::/64', '2a00:145f:2::/64', '2a00:14:3::/64', '2a00:1460::/64'],
  );
  const proved = sums.dialled.get(NUMBER)?.proved;
  assert.deepEqual([counted(proved?.sources), counted(proved?.networks)], [4, 3]);
});

test('EvidenceSums.add() reads the second group of an IPv6 address with its zeros', () => {
  for (const [second, isSame] of [
    ['1450', true],
    ['145f', true],
    ['145', false],
    ['14', false],
  ] as const) {
    const sources = ['2a00:1451::1', `2a00:${second}::1`];
    const sum = number(...sources.map((source_ip) => ({ source_ip })));
    assert.equal(counted(sum?.proved.networks), isSame ? 1 : 2, second);
  }
});

test('EvidenceSums.add() takes a /16 of IPv4 for one network', () => {
  const sources = ['11.22.33.44', '11.22.99.1', '11.23.33.44', '12.22.33.44'];
  const sum = number(...sources.map((source_ip) => ({ source_ip })));
  assert.deepEqual([counted(sum?.sources), counted(sum?.proved.networks)], [4, 3]);
});

test('EvidenceSums.add() takes no call from the site for a proof against a number, unless told to', () => {
  const local = { source_ip: '10.1.2.3' };
  for (const [countsLocalCallers, count] of [
    [false, 0],
    [true, 1],
  ] as const) {
    const sums = sumsOf([local], { countsLocalCallers });
    const sum = sums.dialled.get(NUMBER);
    assert.deepEqual([sum?.eventsCount, sum?.proved.eventsCount], [1, count]);
    assert.equal(sums.addresses.get('10.1.2.3')?.eventsCount, 1);
  }
});

test('EvidenceSums.add() knows when a row was received: never later than now, nor at an impossible time', () => {
  const times = (...rows: readonly Row[]): readonly unknown[] => {
    const sum = number(...rows);
    return [sum?.firstUs, sum?.lastUs];
  };
  const at = (us: number, more: Row = {}): Row => ({
    event_timestamp: formatEventTimestamp(us),
    ...more,
  });
  const hour = 3_600_000_000;
  assert.deepEqual(times(at(NOON_US - hour), at(NOON_US)), [NOON_US - hour, NOON_US]);
  assert.deepEqual(times(at(NOON_US + DOUBT_US)), [NOON_US, NOON_US]);
  assert.deepEqual(times(at(EARLIEST_US)), [EARLIEST_US, EARLIEST_US]);
  // Impossible times are those of the row before.
  const impossible = [at(NOON_US + DOUBT_US + 1_000_000), at(EARLIEST_US - 1_000_000), at(0)];
  for (const row of impossible) {
    assert.deepEqual(times(at(NOON_US - hour), row), [NOON_US - hour, NOON_US - hour]);
    assert.deepEqual(times(row), [NOON_US, NOON_US], 'before the first row');
  }
  // Without a text of its own, the time of recording counts.
  assert.deepEqual(times({ event_timestamp: 'x' }), [NOON_US, NOON_US]);
  const recorded = { created_at: formatEventTimestamp(NOON_US - hour), event_timestamp: null };
  assert.deepEqual(times(recorded), [NOON_US - hour, NOON_US - hour]);
  // Rows of SentryPeer 4.x, which have no grade, say the time of recording first.
  const old = { grade: null, created_at: formatEventTimestamp(NOON_US - hour) };
  assert.deepEqual(times(old), [NOON_US - hour, NOON_US - hour]);
  assert.deepEqual(times({ ...old, created_at: null }), [NOON_US, NOON_US]);
  assert.deepEqual(times({ ...old, created_at: '', event_timestamp: '' }), [
    EARLIEST_US,
    EARLIEST_US,
  ]);
});

test('EvidenceSums.add() counts days and nodes', () => {
  const sum = address(
    { event_timestamp: formatEventTimestamp(NOON_US - DAY_US) },
    {},
    { created_by_node_id: 'another' },
  );
  assert.equal(sum?.days.size, 2);
  const bits = sum?.nodeBits ?? 0;
  assert.ok(bits > 0 && bits !== address({})?.nodeBits && (bits & (bits - 1)) !== 0);
});

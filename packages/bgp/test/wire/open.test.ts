// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AFI_SAFIS, afiSafiKey } from '../../src/wire/afi-safi.ts';
import { encodeCapabilities, type Capabilities } from '../../src/wire/capabilities.ts';
import { HEADER_OCTETS } from '../../src/wire/message.ts';
import { notificationName } from '../../src/wire/notification.ts';
import { decodeOpen, encodeOpen } from '../../src/wire/open.ts';

const bodyOf = (message: Uint8Array): Uint8Array => message.subarray(HEADER_OCTETS);
const asns = fc.integer({ min: 1, max: 0xffffffff });

test('decodeOpen() reads what encodeOpen() wrote', () => {
  fc.assert(
    fc.property(
      asns,
      fc.oneof(fc.constant(0), fc.integer({ min: 3, max: 0xffff })),
      fc.integer({ min: 1, max: 0xffffffff }),
      fc.subarray([...AFI_SAFIS], { minLength: 1 }),
      fc.boolean(),
      fc.option(fc.record({ isRestarting: fc.boolean(), restartTimeS: fc.nat(4095) }), {
        nil: undefined,
      }),
      (asn, holdTimeS, routerId, families, extendedNextHop, gracefulRestart) => {
        const capabilities = encodeCapabilities({
          asn,
          families,
          extendedNextHop,
          gracefulRestart,
          extendedMessage: false,
        });
        const open = decodeOpen(bodyOf(encodeOpen({ asn, holdTimeS, routerId, capabilities })));
        assert.ok('capabilities' in open);
        const keys = families.map((one) => afiSafiKey(one));
        assert.deepEqual(
          [open.holdTimeS, open.routerId, open.capabilities.asn, [...open.capabilities.families]],
          [holdTimeS, routerId, asn, keys],
        );
        assert.equal(open.asn, asn > 0xffff ? 23_456 : asn);
        assert.equal(open.capabilities.extendedNextHops.size, Number(extendedNextHop));
        const restart = gracefulRestart && { ...gracefulRestart, families: keys };
        assert.deepEqual(open.capabilities.gracefulRestart, restart);
      },
    ),
  );
});

test('decodeOpen() never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      decodeOpen(octets);
      decodeOpen(Uint8Array.from([4, 0, 1, 0, 90, 1, 1, 1, 1, ...octets]));
      decodeOpen(Uint8Array.from([4, 0, 1, 0, 90, 1, 1, 1, 1, octets.length, ...octets]));
    }),
  );
});

test('encodeOpen() and decodeOpen() know parameters of more than 255 octets (RFC 9072)', () => {
  const asn = encodeCapabilities({
    asn: 65_332,
    families: [],
    extendedNextHop: false,
    extendedMessage: false,
    gracefulRestart: undefined,
  });
  const long = Uint8Array.from([...asn, 200, 255, ...new Uint8Array(255)]);
  const message = encodeOpen({ asn: 65_332, holdTimeS: 90, routerId: 1, capabilities: long });
  assert.deepEqual([...bodyOf(message).subarray(9, 13)], [255, 255, 1, (long.length + 3) & 0xff]);
  const open = decodeOpen(bodyOf(message));
  assert.ok('capabilities' in open);
  assert.equal(open.capabilities.asn, 65_332);
  assert.ok(open.capabilities.codes.has(200));
});

test('encodeOpen() writes long sizes only where one octet is not enough', () => {
  for (const [size, begin] of [
    [252, [254, 2, 252]],
    [253, [255, 255, 1, 0]],
  ] as const) {
    const capabilities = Uint8Array.from([200, size - 2, ...new Uint8Array(size - 2)]);
    const message = encodeOpen({ asn: 1, holdTimeS: 90, routerId: 1, capabilities });
    assert.deepEqual([...bodyOf(message).subarray(9, 9 + begin.length)], begin);
    const open = decodeOpen(bodyOf(message));
    assert.ok('capabilities' in open && open.capabilities.codes.has(200));
  }
});

test('encodeOpen() writes AS numbers up to 65535 as they are, and AS_TRANS for others', () => {
  for (const [asn, written] of [
    [65_535, 65_535],
    [65_536, 23_456],
  ] as const) {
    const message = encodeOpen({ asn, holdTimeS: 90, routerId: 1, capabilities: undefined });
    const open = decodeOpen(bodyOf(message));
    assert.equal('asn' in open && open.asn, written);
  }
});

/** The capabilities of an OPEN with this one parameter. */
function read(...capabilities: readonly number[]): Capabilities | undefined {
  const parameters = [2, capabilities.length, ...capabilities];
  const open = decodeOpen(
    Uint8Array.from([4, 0, 1, 0, 90, 1, 1, 1, 1, parameters.length, ...parameters]),
  );
  return 'capabilities' in open ? open.capabilities : undefined;
}

test('decodeOpen() skips capabilities of the wrong size, and keeps their codes', () => {
  const unicast = afiSafiKey({ afi: 1, safi: 1 });
  for (const multiprotocol of [
    [1, 3, 0, 2, 0],
    [1, 5, 0, 2, 0, 1, 0],
  ]) {
    assert.deepEqual([...(read(...multiprotocol)?.families ?? [])], [unicast]);
    assert.ok(read(...multiprotocol)?.codes.has(1));
  }
  assert.equal(read(65, 3, 0, 0, 1)?.asn, undefined);
  assert.equal(read(65, 5, 0, 0, 0, 1, 0)?.asn, undefined);
  assert.equal(read(65, 4, 0, 0, 0, 1)?.asn, 1);
  for (const restart of [
    [64, 0],
    [64, 1, 0],
    [64, 4, 0, 120, 0, 1],
    [64, 5, 0, 120, 0, 1, 1],
  ]) {
    assert.equal(read(...restart)?.gracefulRestart, undefined, String(restart));
  }
  const none = { isRestarting: true, restartTimeS: 120, families: [] };
  assert.deepEqual(read(64, 2, 0x80, 120)?.gracefulRestart, none);
});

test('decodeOpen() reads next hops of IPv6, whole entries only', () => {
  const unicast = afiSafiKey({ afi: 1, safi: 1 });
  const hops = (...value: readonly number[]): readonly number[] => [
    ...(read(5, value.length, ...value)?.extendedNextHops ?? []),
  ];
  assert.deepEqual(hops(0, 1, 0, 1, 0, 2), [unicast]);
  assert.deepEqual(hops(0, 1, 0, 1, 0, 1), [], 'a next hop of IPv4 needs no capability');
  assert.deepEqual(hops(0, 1, 0, 1, 0, 2, 0, 1, 0, 2, 0), [unicast], 'the second one is cut off');
  assert.deepEqual(hops(0, 1, 0, 1, 0), []);
});

test('decodeOpen() reads several parameters, and passes over what it does not know', () => {
  // As FRR sends it: each capability in a parameter.
  const parameters = [2, 6, 1, 4, 0, 2, 0, 1, 2, 2, 128, 0, 2, 6, 65, 4, 0, 0, 253, 231];
  const open = decodeOpen(
    Uint8Array.from([4, 253, 231, 0, 9, 10, 0, 0, 1, parameters.length, ...parameters]),
  );
  assert.ok('capabilities' in open);
  assert.deepEqual([...open.capabilities.families], [513]);
  assert.equal(open.capabilities.asn, 64_999);
  assert.deepEqual([...open.capabilities.codes], [1, 128, 65]);
});

test('decodeOpen() says what is wrong (RFC 4271 §6.2)', () => {
  for (const [octets, name] of [
    [[3, 0, 1, 0, 90, 1, 1, 1, 1, 0], 'Unsupported Version Number'],
    [[4, 0, 1, 0, 90, 0, 0, 0, 0, 0], 'Bad BGP Identifier'],
    [[4, 0, 1, 0, 1, 1, 1, 1, 1, 0], 'Unacceptable Hold Time'],
    [[4, 0, 1, 0, 2, 1, 1, 1, 1, 0], 'Unacceptable Hold Time'],
    [[4, 0, 1, 0, 90, 1, 1, 1, 1], 'Unspecific'],
    [[4, 0, 1, 0, 90, 1, 1, 1, 1, 255, 255, 0], 'Unspecific'],
    [[4, 0, 1, 0, 90, 1, 1, 1, 1, 2, 1, 0], 'Unsupported Optional Parameter'],
    [[4, 0, 1, 0, 90, 1, 1, 1, 1, 3, 2, 0], 'Unspecific'],
    [[4, 0, 1, 0, 90, 1, 1, 1, 1, 0, 2], 'Unspecific'],
    [[4, 0, 1, 0, 90, 1, 1, 1, 1, 4, 2, 2, 65, 4], 'Unspecific'],
  ] as const) {
    const open = decodeOpen(Uint8Array.from(octets));
    assert.ok('refused' in open, name);
    assert.equal(notificationName(open.refused), `OPEN Message Error/${name}`);
  }
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AFI_SAFIS, afiSafiKey } from '../../src/wire/afi-safi.ts';
import { encodeCapabilities } from '../../src/wire/capabilities.ts';
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
    [[4, 0, 1, 0, 2, 1, 1, 1, 1, 0], 'Unacceptable Hold Time'],
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

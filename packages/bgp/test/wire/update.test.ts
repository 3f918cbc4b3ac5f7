// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AFI_SAFIS } from '../../src/wire/afi-safi.ts';
import { encodeAttributes } from '../../src/wire/attributes.ts';
import { encodeFlowConditions, wrapFlowRule } from '../../src/wire/flow-spec.ts';
import { MessageReader } from '../../src/wire/message-reader.ts';
import { HEADER_OCTETS } from '../../src/wire/message.ts';
import { notificationName } from '../../src/wire/notification.ts';
import { checkUpdate } from '../../src/wire/update-check.ts';
import { UpdatePacker } from '../../src/wire/update-packer.ts';
import {
  encodeEndOfRib,
  multiprotocolAnnouncement,
  multiprotocolWithdrawal,
  plainAnnouncement,
  plainWithdrawal,
  type UpdateTemplate,
} from '../../src/wire/update-template.ts';
import { parseIp } from '@sentrypeer/ip';
import { BLACKHOLE, parseCommunity } from '@sentrypeer/bgp';

const EXTERNAL = { hasFourOctetAsn: true, isInternal: false };
const [IPV4, IPV6, FLOW4] = AFI_SAFIS;
assert.ok(IPV4 !== undefined && IPV6 !== undefined && FLOW4 !== undefined);

const route = {
  pathAsn: 65_332,
  hasFourOctetAsn: true,
  nextHop: undefined,
  localPref: undefined,
  communities: [BLACKHOLE],
};
const plain = encodeAttributes({ ...route, nextHop: parseIp('192.0.2.1') });
const bare = encodeAttributes(route);

/** A prefix of this many bits. */
const nlri = (bits: number): readonly number[] => [
  bits,
  ...Array.from({ length: (bits + 7) >> 3 }, () => 1),
];

const TEMPLATES: readonly (readonly [UpdateTemplate, bitsMax: number, isAnnounced: boolean])[] = [
  [plainAnnouncement(plain), 32, true],
  [plainWithdrawal(), 32, false],
  [multiprotocolAnnouncement(IPV6, new Uint8Array(32), bare), 128, true],
  [multiprotocolAnnouncement(IPV4, new Uint8Array(16), bare), 32, true],
  [multiprotocolWithdrawal(IPV6), 128, false],
];

test('UpdatePacker makes whole messages that hold all the prefixes, none above the limit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(TEMPLATES.length - 1), fc.nat(32)), { maxLength: 3000 }),
      (all) => {
        const packer = new UpdatePacker(65_536, 4096);
        const expected = all.filter(([index]) => TEMPLATES[index]?.[2]).length;
        for (const [index, bits] of all) {
          const [template] = TEMPLATES[index] ?? [];
          assert.ok(template !== undefined);
          const isAdded = packer.add(template, 5, (target, at) => {
            target.set(nlri(bits), at);
            return at + nlri(bits).length;
          });
          assert.ok(isAdded || all.length > 400);
          if (!isAdded) return;
        }
        let [messages, announced] = [0, 0];
        const wrong = new MessageReader().push(packer.finish(), (type, body) => {
          assert.equal(type, 2);
          messages += 1;
          const verdict = checkUpdate(body, EXTERNAL);
          assert.deepEqual([verdict.isMalformed, verdict.reset], [false, undefined]);
          announced += verdict.announcedCount;
          return true;
        });
        assert.equal(wrong, undefined);
        assert.deepEqual([announced, messages], [expected, packer.messagesCount]);
      },
    ),
    { numRuns: 30 },
  );
});

test('UpdatePacker puts as many prefixes into a message as fit into 4,096 octets', () => {
  const template = plainAnnouncement(plain);
  const packer = new UpdatePacker(65_536, 4096);
  for (let count = 0; count < 2000; count += 1)
    packer.add(template, 5, (target, at) => {
      target.set(nlri(32), at);
      return at + 5;
    });
  const perMessage = Math.floor((4096 - template.head.length) / 5);
  const octets = packer.finish();
  assert.equal(packer.messagesCount, Math.ceil(2000 / perMessage));
  assert.equal((octets[16] ?? 0) * 256 + (octets[17] ?? 0), template.head.length + 5 * perMessage);
});

test('encodeEndOfRib() is as RFC 4724 §2 has it', () => {
  assert.deepEqual([...encodeEndOfRib(IPV4).subarray(16)], [0, 23, 2, 0, 0, 0, 0]);
  assert.deepEqual(
    [...encodeEndOfRib(FLOW4).subarray(HEADER_OCTETS)],
    [0, 0, 0, 7, 0x90, 15, 0, 3, 0, 1, 133],
  );
});

test('encodeAttributes() writes the path as the neighbour understands it (RFC 6793)', () => {
  const path = (one: Partial<Parameters<typeof encodeAttributes>[0]>): string =>
    encodeAttributes({ ...route, communities: [], ...one }).toHex();
  assert.equal(path({}), ['40010100', '4002060201', '0000ff34'].join(''));
  assert.equal(path({ hasFourOctetAsn: false }), ['40010100', '4002040201', 'ff34'].join(''));
  assert.equal(
    path({ hasFourOctetAsn: false, pathAsn: 4_200_000_000 }),
    ['40010100', '4002040201', '5ba0', 'c011060201', 'fa56ea00'].join(''),
  );
  assert.equal(
    path({ pathAsn: undefined, localPref: 100 }),
    ['40010100', '400200', '40050400000064'].join(''),
  );
});

test('encodeAttributes() writes communities of all kinds', () => {
  const communities = ['blackhole', '65332:888', 'rt:65332:7', '65332:1:2'].map((text) => {
    const community = parseCommunity(text);
    assert.ok(community !== undefined);
    return community;
  });
  const octets = encodeAttributes({ ...route, communities }).subarray(4 + 9);
  assert.deepEqual(
    [...octets],
    [
      [0xc0, 8, 8, 0xff, 0xff, 0x02, 0x9a, 0xff, 0x34, 0x03, 0x78],
      [0xc0, 16, 8, 0, 2, 0xff, 0x34, 0, 0, 0, 7],
      [0xc0, 32, 12, 0, 0, 0xff, 0x34, 0, 0, 0, 1, 0, 0, 0, 2],
    ].flat(),
  );
});

test('wrapFlowRule() makes the rule of RFC 8955 and RFC 8956', () => {
  const conditions = encodeFlowConditions(
    [6, 17],
    [
      [5060, 5061],
      [4569, 4569],
    ],
  );
  const tail = [3, 1, 6, 0x81, 17, 5, 0x13, 0x13, 0xc4, 0x55, 0x13, 0xc5, 0x91, 0x11, 0xd9];
  const target = new Uint8Array(64);
  target.set([32, 203, 0, 113, 5], 2);
  const end = wrapFlowRule(target, 0, 7, 4, conditions);
  const rule = [2, 32, 203, 0, 113, 5, ...tail];
  assert.deepEqual([...target.subarray(0, end)], [rule.length, ...rule]);
  target.set([48, 0x20, 1, 0xd, 0xb8, 0, 1], 2);
  const end6 = wrapFlowRule(target, 0, 9, 6, conditions);
  const rule6 = [2, 48, 0, 0x20, 1, 0xd, 0xb8, 0, 1, ...tail];
  assert.deepEqual([...target.subarray(0, end6)], [rule6.length, ...rule6]);
});

/** An UPDATE from attributes and NLRI. */
const update = (attributes: readonly number[], routes: readonly number[] = []): Uint8Array =>
  Uint8Array.from([
    0,
    0,
    attributes.length >> 8,
    attributes.length & 0xff,
    ...attributes,
    ...routes,
  ]);
const ORIGIN = [0x40, 1, 1, 0];
const PATH = [0x40, 2, 6, 2, 1, 0, 0, 0xff, 0x34];
const NEXT_HOP = [0x40, 3, 4, 192, 0, 2, 1];
const GOOD = [...ORIGIN, ...PATH, ...NEXT_HOP];

test('checkUpdate() never throws, and counts no more prefixes than there are octets', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 400 }),
      fc.boolean(),
      (octets, isInternal) => {
        const verdict = checkUpdate(octets, { hasFourOctetAsn: true, isInternal });
        assert.ok(verdict.announcedCount <= octets.length);
        const inside = checkUpdate(update([...GOOD, ...octets], [32, 1, 2, 3, 4]), EXTERNAL);
        assert.ok(inside.announcedCount <= octets.length + 1);
      },
    ),
  );
});

test('checkUpdate() keeps the session where RFC 7606 says so', () => {
  for (const [what, attributes, isMalformed] of [
    ['all right', GOOD, false],
    ['an unknown optional attribute', [...GOOD, 0xc0, 99, 1, 7], false],
    ['no ORIGIN', [...PATH, ...NEXT_HOP], true],
    ['no AS_PATH', [...ORIGIN, ...NEXT_HOP], true],
    ['no NEXT_HOP', [...ORIGIN, ...PATH], true],
    ['a wrong ORIGIN', [0x40, 1, 1, 3, ...PATH, ...NEXT_HOP], true],
    ['wrong flags', [0xc0, 1, 1, 0, ...PATH, ...NEXT_HOP], true],
    ['an empty segment', [...ORIGIN, 0x40, 2, 2, 2, 0, ...NEXT_HOP], true],
    ['a segment too long', [...ORIGIN, 0x40, 2, 2, 2, 9, ...NEXT_HOP], true],
    ['a NEXT_HOP of 5 octets', [...ORIGIN, ...PATH, 0x40, 3, 5, 1, 2, 3, 4, 5], true],
    ['communities of 3 octets', [...GOOD, 0xc0, 8, 3, 1, 2, 3], true],
    ['no large communities', [...GOOD, 0xc0, 32, 0], true],
    ['an attribute that ends too late', [...GOOD, 0xc0, 8, 9, 1], true],
    ['half an attribute', [...GOOD, 0xc0], true],
    ['ORIGIN twice', [...GOOD, ...ORIGIN], false],
  ] as const) {
    const verdict = checkUpdate(update(attributes, [32, 1, 2, 3, 4]), EXTERNAL);
    assert.deepEqual([verdict.isMalformed, verdict.reset], [isMalformed, undefined], what);
  }
});

test('checkUpdate() resets the session where the routes can not be told (RFC 7606 §3, RFC 4271 §6.3)', () => {
  const reach = [0x80, 14, 0, 2, 1, 16];
  for (const [what, body, name] of [
    ['withdrawn routes that end too late', [0, 9, 0, 0], 'Malformed Attribute List'],
    ['attributes that end too late', [0, 0, 0, 9, 1], 'Malformed Attribute List'],
    ['a prefix of 33 bits', update(GOOD, [33, 1, 2, 3, 4, 5]), 'Invalid Network Field'],
    ['half a prefix', update(GOOD, [32, 1, 2]), 'Invalid Network Field'],
    ['half a withdrawn prefix', [0, 2, 32, 1, 0, 0], 'Invalid Network Field'],
    [
      'an unknown well-known attribute',
      update([...GOOD, 0x40, 99, 0]),
      'Unrecognized Well-known Attribute',
    ],
    [
      'MP_REACH_NLRI twice',
      update([0x80, 15, 3, 0, 2, 1, 0x80, 15, 3, 0, 2, 1]),
      'Malformed Attribute List',
    ],
    [
      'half an MP_REACH_NLRI',
      update([...reach.slice(0, 2), 4, 0, 2, 1, 16]),
      'Optional Attribute Error',
    ],
    [
      'a next hop of 5 octets',
      update([0x80, 14, 10, 0, 2, 1, 5, 1, 2, 3, 4, 5, 0]),
      'Optional Attribute Error',
    ],
    [
      'an IPv6 prefix of 129 bits',
      update([0x80, 15, 5, 0, 2, 1, 129, 0]),
      'Optional Attribute Error',
    ],
    ['half a FlowSpec rule', update([0x80, 15, 5, 0, 1, 133, 9, 0]), 'Optional Attribute Error'],
  ] as const) {
    const { reset } = checkUpdate(Uint8Array.from(body), EXTERNAL);
    assert.ok(reset !== undefined, what);
    assert.equal(notificationName(reset), `UPDATE Message Error/${name}`, what);
  }
});

test('checkUpdate() wants LOCAL_PREF within the AS, and ignores it from outside', () => {
  const internal = { hasFourOctetAsn: true, isInternal: true };
  const routes = [32, 1, 2, 3, 4];
  assert.equal(checkUpdate(update(GOOD, routes), internal).isMalformed, true);
  const local = [...GOOD, 0x40, 5, 4, 0, 0, 0, 100];
  assert.equal(checkUpdate(update(local, routes), internal).isMalformed, false);
});

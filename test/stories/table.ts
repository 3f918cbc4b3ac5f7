// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  address,
  DAY,
  forEach,
  fromMany,
  fromSubnets,
  HOUR,
  inSubnet,
  MINUTE,
  number,
  repeated,
} from './contacts.ts';
import type { Story } from './story.ts';

const WEEK = 7 * DAY;
const A = '45.1.2.3';
const HOSPITAL = '+46851770000';
const HOSPITAL_ABROAD = '+442071887188';
const PREMIUM = '+449012345678';
const EXTENSIONS = Array.from({ length: 40 }, (_, index) => String(100 + index));

/** Telephones stand in Sweden, unless a story says something else. */
export const STORIES: readonly Story[] = [
  // Scanners
  {
    name: 'svmap over UDP, its source not proved: left alone',
    contacts: repeated(3, 1, {
      from: A,
      proof: 'seen',
      method: 'OPTIONS',
      to: '100',
      agent: 'friendly-scanner',
    }),
    expected: [address(A, 'none', MINUTE)],
  },
  {
    name: 'svmap, proved: listed at once',
    contacts: [
      {
        at: 0,
        from: A,
        proof: 'returned',
        method: 'OPTIONS',
        to: '100',
        agent: 'friendly-scanner',
      },
    ],
    expected: [address(A, 'listed', 1), address(A, 'listed', DAY), address(A, 'none', 3 * DAY)],
  },
  {
    name: 'svwar under another name: listed with the fifth extension',
    contacts: forEach(EXTENSIONS, 1, {
      from: A,
      proof: 'returned',
      method: 'REGISTER',
      agent: 'Phone 1.0',
    }),
    expected: [address(A, 'watch', 3), address(A, 'listed', 40)],
  },
  {
    name: 'svcrack under another name: listed with the first password',
    contacts: [
      { at: 0, from: A, proof: 'seen', method: 'REGISTER', to: '100' },
      { at: 1, from: A, proof: 'returned', method: 'REGISTER', to: '100', hasPassword: true },
    ],
    expected: [address(A, 'none', 0), address(A, 'listed', 1)],
  },
  {
    name: 'slow scanner, an OPTIONS every ten minutes, proved: watched, then listed for its persistence',
    contacts: repeated(200, 10 * MINUTE, { from: A, proof: 'returned', method: 'OPTIONS' }),
    expected: [address(A, 'watch', HOUR), address(A, 'listed', 199 * 10 * MINUTE)],
  },
  {
    name: 'slow scanner, not proved: left alone however long it goes on',
    contacts: repeated(500, 10 * MINUTE, {
      from: A,
      proof: 'seen',
      method: 'OPTIONS',
      agent: 'friendly-scanner',
    }),
    expected: [address(A, 'none', 500 * 10 * MINUTE)],
  },
  {
    name: 'a registration every fourth day of the same name: watched however long it goes on',
    contacts: repeated(12, 4 * DAY, { from: A, proof: 'returned', method: 'REGISTER', to: '100' }),
    expected: [address(A, 'watch', 8 * DAY), address(A, 'watch', 44 * DAY)],
  },
  {
    name: 'a registration every third day of the same name: persistence on the seventh day',
    contacts: repeated(3, 3 * DAY, { from: A, proof: 'returned', method: 'REGISTER', to: '100' }),
    expected: [address(A, 'watch', 3 * DAY), address(A, 'listed', 6 * DAY)],
  },
  {
    name: 'one registration a day of the same name: persistence from the third day on',
    contacts: repeated(5, DAY, { from: A, proof: 'returned', method: 'REGISTER', to: '100' }),
    expected: [
      address(A, 'watch', DAY),
      address(A, 'listed', 2 * DAY),
      address(A, 'listed', 4 * DAY),
    ],
  },
  // Harmless contacts
  {
    name: 'a census, one OPTIONS over TCP: watched, and forgotten after some days',
    contacts: [
      { at: 0, from: A, proof: 'handshake', method: 'OPTIONS', to: '100', agent: 'census' },
    ],
    expected: [address(A, 'watch', 1), address(A, 'none', WEEK)],
  },
  {
    name: 'a researcher, an OPTIONS over TCP each week for a year: never listed',
    contacts: repeated(52, WEEK, { from: A, proof: 'handshake', method: 'OPTIONS' }),
    expected: [1, 10, 30, 51].map((week) => address(A, 'watch', week * WEEK)),
  },
  {
    name: 'a researcher, an OPTIONS over TCP each day for three months: never listed',
    contacts: repeated(90, DAY, { from: A, proof: 'handshake', method: 'OPTIONS' }),
    expected: [2, 30, 89].map((day) => address(A, 'watch', day * DAY)),
  },
  {
    name: 'a provider with all eight /32 of his IPv6 calls a number at home for four days: watched',
    contacts: [0, 1, 2, 3].flatMap((day) =>
      Array.from({ length: 8 }, (_, index) => ({
        at: day * DAY + index,
        from: `2a0e:b10${index}::1`,
        proof: 'handshake' as const,
        method: 'INVITE',
        to: '+46851770000',
      })),
    ),
    expected: [number('+46851770000', 'watch', 4 * DAY)],
  },
  {
    name: 'a monitor that somebody pointed at our port, in HTTP every five minutes for a month: left alone',
    contacts: repeated(8640, 5 * MINUTE, {
      from: A,
      proof: 'handshake',
      method: 'GET',
      isSip: false,
    }),
    expected: [address(A, 'none', DAY), address(A, 'none', 30 * DAY)],
  },
  {
    name: "a customer's stray call at home: watched, the number left alone",
    contacts: [{ at: 0, from: A, proof: 'returned', method: 'INVITE', to: '0851770000' }],
    expected: [
      address(A, 'watch', 1),
      number('0851770000', 'none', 1),
      address(A, 'none', 3 * DAY),
    ],
  },
  {
    name: "a customer's stray call once a month: never listed",
    contacts: repeated(6, 30 * DAY, {
      from: A,
      proof: 'returned',
      method: 'INVITE',
      to: '0851770000',
    }),
    expected: [
      address(A, 'watch', 0),
      address(A, 'watch', 60 * DAY),
      address(A, 'watch', 150 * DAY),
    ],
  },
  {
    name: 'own PBX that calls by way of the honeypot: never listed',
    ownAddresses: [A],
    contacts: repeated(300, HOUR, {
      from: A,
      proof: 'handshake',
      method: 'INVITE',
      to: '00449012345678',
      hasPassword: true,
    }),
    expected: [address(A, 'none', 299 * HOUR)],
  },
  {
    name: 'PBX in the private network: never listed',
    contacts: repeated(9, DAY, {
      from: '10.1.2.3',
      proof: 'handshake',
      method: 'REGISTER',
      hasPassword: true,
    }),
    expected: [address('10.1.2.3', 'none', 8 * DAY)],
  },
  {
    name: 'telephones of the private network, from 100 addresses in ten days, dial a premium number: watched',
    contacts: Array.from({ length: 100 }, (_, index) => ({
      at: index * 2 * HOUR,
      from: `10.${index}.2.3`,
      proof: 'handshake' as const,
      method: 'INVITE',
      to: '00449012345678',
    })),
    expected: [number(PREMIUM, 'watch', 199 * HOUR)],
  },
  {
    name: 'an own number that attackers call: never listed',
    ownNumbers: ['+46855512300-+46855512399'],
    contacts: fromMany(20, 10 * HOUR, { proof: 'returned', method: 'INVITE', to: '0046855512345' }),
    expected: [number('+46855512345', 'none', 190 * HOUR)],
  },
  {
    name: 'an emergency number, called by a listed address: let through',
    contacts: [
      { at: 0, from: A, proof: 'returned', method: 'INVITE', to: '112', agent: 'friendly-scanner' },
    ],
    expected: [address(A, 'listed', 1), number('112', 'none', 1)],
  },
  // Carriers
  {
    name: 'carrier NAT with one infected customer: listed while it attacks, let go days later',
    contacts: [
      { at: 0, from: A, proof: 'returned', method: 'INVITE', to: '0851770000' },
      ...repeated(30, MINUTE, {
        at: HOUR,
        from: A,
        proof: 'returned',
        method: 'REGISTER',
        to: '100',
        hasPassword: true,
      }),
    ],
    expected: [
      address(A, 'watch', MINUTE),
      address(A, 'listed', 2 * HOUR),
      address(A, 'none', 6 * DAY),
    ],
  },
  {
    name: 'carrier NAT that the operator allowed, with one infected customer: never listed',
    allowed: ['45.1.0.0/16'],
    contacts: repeated(30, MINUTE, {
      from: A,
      proof: 'returned',
      method: 'REGISTER',
      to: '100',
      hasPassword: true,
    }),
    expected: [address(A, 'none', HOUR)],
  },
  // Botnets and fraud
  {
    name: 'botnet of 200, one password each: each is listed',
    contacts: fromMany(200, 30, {
      proof: 'returned',
      method: 'REGISTER',
      to: '100',
      hasPassword: true,
    }),
    expected: [0, 99, 199].map((index) => address(`45.${index}.7.9`, 'listed', 200 * 30)),
  },
  {
    name: 'botnet of 200, one call each to a premium number: each is listed, and the number',
    contacts: fromMany(200, 30, { proof: 'returned', method: 'INVITE', to: '00449012345678' }),
    expected: [
      address('45.0.7.9', 'listed', 200 * 30),
      address('45.199.7.9', 'listed', 200 * 30),
      number(PREMIUM, 'listed', 200 * 30),
      number('449012345678', 'listed', 200 * 30),
    ],
  },
  {
    name: 'botnet of 200 whose sources are forged: the number is watched, no address is listed',
    contacts: fromMany(200, 30, { proof: 'seen', method: 'INVITE', to: '00449012345678' }),
    expected: [address('45.0.7.9', 'none', 200 * 30), number(PREMIUM, 'watch', 200 * 30)],
  },
  {
    name: 'one proved call to a premium number: caller and number are listed at once',
    contacts: [{ at: 0, from: A, proof: 'returned', method: 'INVITE', to: '00449012345678' }],
    expected: [address(A, 'listed', 1), number(PREMIUM, 'listed', 1), address(A, 'none', 3 * DAY)],
  },
  {
    name: 'premium range walked number by number: the range is listed',
    contacts: forEach(
      Array.from({ length: 12 }, (_, index) => `+4490123456${70 + index}`),
      MINUTE,
      { from: A, proof: 'returned', method: 'INVITE' },
    ),
    expected: [
      number('+449012345690', 'none', 0),
      number('+449012345679', 'listed', HOUR),
      number('+449012345699', 'listed', HOUR),
      number('+449012399999', 'none', HOUR),
    ],
  },
  {
    name: 'number met on eleven days, each time by another proved network and prefix: listed',
    contacts: Array.from({ length: 11 }, (_, day) => ({
      at: day * DAY,
      from: `45.${day}.7.9`,
      proof: 'returned' as const,
      method: 'INVITE',
      to: `9${day}0442071887188`,
    })),
    expected: [number(HOSPITAL_ABROAD, 'watch', DAY), number(HOSPITAL_ABROAD, 'listed', 10 * DAY)],
  },
  // IPv6
  {
    name: 'one IPv6 /64 with a thousand addresses: listed as one, its neighbour left alone',
    contacts: fromSubnets(
      Array.from({ length: 1000 }, () => 7),
      1,
      { proof: 'returned', method: 'REGISTER', hasPassword: true, to: '100' },
    ),
    expected: [
      address(inSubnet(7, 9), 'listed', 1000),
      address(inSubnet(8, 9), 'none', 1000),
      address(inSubnet(7, 9), 'none', 20 * DAY),
    ],
  },
  {
    name: 'an attacker all over its IPv6 /56: the rest of it is listed, the next /56 left alone, and it ends',
    contacts: fromSubnets(
      Array.from({ length: 32 }, (_, index) => index * 8),
      1,
      { proof: 'returned', method: 'REGISTER', hasPassword: true, to: '100' },
    ),
    expected: [
      address(inSubnet(3, 9), 'none', 30),
      address(inSubnet(3, 9), 'listed', 31),
      address(inSubnet(0x103, 9), 'none', 31),
      address(inSubnet(3, 9), 'none', 20 * DAY),
    ],
  },
  {
    name: 'a customer with half of an IPv6 /56 uses all of it: his neighbours are left alone',
    contacts: fromSubnets(
      Array.from({ length: 128 }, (_, index) => index),
      1,
      { proof: 'returned', method: 'REGISTER', hasPassword: true, to: '100' },
    ),
    expected: [
      address(inSubnet(127, 9), 'listed', 128),
      address(inSubnet(128, 9), 'none', 128),
      address(inSubnet(255, 9), 'none', 128),
    ],
  },
  {
    name: 'an attacker all over its IPv6 /48: the rest of it is listed, the next /48 left alone',
    contacts: fromSubnets(
      Array.from({ length: 64 * 32 }, (_, index) => (index >> 5) * 4 * 256 + (index & 31) * 8),
      0.1,
      { proof: 'returned', method: 'REGISTER', hasPassword: true, to: '100' },
    ),
    expected: [
      address(inSubnet(0x201, 9), 'none', 150),
      address(inSubnet(0x201, 9), 'listed', 250),
      address('2a02:6b8:2::9', 'none', 250),
    ],
  },
  {
    name: 'sixty-four rented servers all over a hoster’s IPv6 /48: each is listed, no customer with them',
    contacts: fromSubnets(
      Array.from({ length: 64 }, (_, index) => index * 1024),
      1,
      { proof: 'returned', method: 'REGISTER', hasPassword: true, to: '100' },
    ),
    expected: [
      address(inSubnet(1024, 9), 'listed', 64),
      address(inSubnet(1025, 9), 'none', 64),
      address(inSubnet(0x201, 9), 'none', 64),
    ],
  },
  {
    name: 'an allowed address in an attacking IPv6 /56: it, its /64 and the /56 stay off, the attackers are listed',
    allowed: [inSubnet(8, 9)],
    contacts: fromSubnets(
      Array.from({ length: 64 }, (_, index) => index * 4),
      1,
      { proof: 'returned', method: 'REGISTER', hasPassword: true, to: '100' },
    ),
    expected: [
      address(inSubnet(8, 9), 'none', 64),
      address(inSubnet(8, 10), 'none', 64),
      address(inSubnet(3, 9), 'none', 64),
      address(inSubnet(4, 9), 'listed', 64),
    ],
  },
  // Poisoners
  ...[1, 20, 200].flatMap((sources): readonly Story[] => [
    {
      name: `poisoner dials a hospital from ${sources} forged sources for a day: watched`,
      contacts: fromMany(sources, MINUTE, { proof: 'seen', method: 'INVITE', to: HOSPITAL }),
      expected: [number(HOSPITAL, 'watch', 5 * HOUR), number('0851770000', 'watch', 5 * HOUR)],
    },
    {
      name: `poisoner dials a hospital from ${sources} proved addresses of one network, for a day: watched`,
      contacts: fromMany(sources, MINUTE, {
        proof: 'returned',
        method: 'INVITE',
        to: HOSPITAL,
        isApart: false,
      }),
      expected: [number(HOSPITAL, 'watch', 5 * HOUR)],
    },
    {
      name: `poisoner dials a hospital from ${sources} proved networks, for a day: watched`,
      contacts: fromMany(sources, MINUTE, { proof: 'returned', method: 'INVITE', to: HOSPITAL }),
      expected: [number(HOSPITAL, 'watch', 5 * HOUR)],
    },
  ]),
  {
    name: 'poisoner dials a helpline from 200 proved networks on ten days: watched, never more',
    contacts: Array.from({ length: 10 }, (_, day) =>
      fromMany(200, MINUTE, {
        at: day * DAY,
        proof: 'returned',
        method: 'INVITE',
        to: '+46116123',
      }),
    ).flat(),
    expected: [number('+46116123', 'watch', 10 * DAY)],
  },
  // Calls of everyday life, and those of attackers who hide them
  {
    name: 'attackers send digits after the call as telephones do: the number before the pause is listed',
    contacts: [
      { at: 0, from: A, proof: 'returned', method: 'INVITE', to: `00${PREMIUM.slice(1)}p1` },
      { at: 1, from: A, proof: 'returned', method: 'INVITE', to: `${PREMIUM},,1234#` },
      { at: 2, from: A, proof: 'returned', method: 'INVITE', to: `900${PREMIUM.slice(1)};5` },
    ],
    expected: [
      address(A, 'listed', MINUTE),
      number(PREMIUM, 'listed', MINUTE),
      number(`${PREMIUM}w9`, 'listed', MINUTE),
      number(`tel:${PREMIUM};9`, 'listed', MINUTE),
      number(`${PREMIUM}1`, 'none', MINUTE),
    ],
  },
  {
    name: 'a listed caller dials for help with a pause behind it, or withholds his number: let through',
    home: 'GB',
    contacts: ['112p1', '999,1', '141999', 'tel:112;1', '+44999w2'].map((to, index) => ({
      at: index,
      from: A,
      proof: 'handshake',
      method: 'INVITE',
      to,
      agent: 'friendly-scanner',
    })),
    expected: [
      address(A, 'listed', MINUTE),
      ...['112', '112p1', '999', '999,1', '141999', 'tel:112;1', '+44999w2'].map((to) =>
        number(to, 'none', MINUTE),
      ),
    ],
  },
  {
    name: 'a fixed line abroad, called by proved callers of two networks on ten days: watched',
    contacts: Array.from({ length: 10 }, (_, day) =>
      fromMany(2, HOUR, {
        at: day * DAY,
        proof: 'handshake',
        method: 'INVITE',
        to: HOSPITAL_ABROAD,
      }),
    ).flat(),
    expected: [number(HOSPITAL_ABROAD, 'watch', 10 * DAY)],
  },
  {
    name: 'a toll-free number, called from seven proved networks on ten days: watched, and listed with some more',
    contacts: Array.from({ length: 10 }, (_, day) =>
      fromMany(day < 5 ? 7 : 12, MINUTE, {
        at: day * DAY,
        proof: 'returned',
        method: 'INVITE',
        to: '+4620123456',
      }),
    ).flat(),
    expected: [
      number('+4620123456', 'watch', 5 * DAY - 1),
      number('020123456', 'listed', 10 * DAY),
    ],
  },
  {
    name: 'three numbers next to an own one, called by proved callers: the range is left alone',
    ownNumbers: ['+4970012345678'],
    contacts: forEach(['+4970012345601', '+4970012345602', '+4970012345603'], MINUTE, {
      from: A,
      proof: 'handshake',
      method: 'INVITE',
    }),
    expected: [
      number('+4970012345678', 'none', HOUR),
      number('+4970012345699', 'none', HOUR),
      number('0049 700 12345699', 'none', HOUR),
    ],
  },
  {
    name: 'two branches with the same provider as the attacker: only the attacker is listed',
    contacts: [
      {
        at: 0,
        from: '45.9.7.1',
        proof: 'returned',
        method: 'REGISTER',
        to: '100',
        hasPassword: true,
      },
      { at: 1, from: '45.9.7.2', proof: 'returned', method: 'OPTIONS' },
    ],
    expected: [
      address('45.9.7.1', 'listed', MINUTE),
      address('45.9.7.2', 'watch', MINUTE),
      address('45.9.7.3', 'none', MINUTE),
    ],
  },
];

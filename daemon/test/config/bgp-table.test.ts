// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, refused, run } from './sources.ts';

const named = (text: string): Parameters<typeof run> => [
  '-g /c.toml',
  { files: { '/c.toml': text } },
];

const HEAD = '[bgp]\nasn = 64512\nrouter_id = "203.0.113.5"\n';
const ROUTER = '[[bgp.neighbour]]\naddress = "203.0.113.1"\nasn = 64496\n';

test('loadConfig() reads [bgp] with its neighbours, which have what it says unless they say otherwise', () => {
  const { bgp } = run(
    ...named(`${HEAD}listen = ["0.0.0.0:179", "[::]:179"]
next_hop_ipv4 = "192.0.2.66"
communities = ["blackhole", "64512:1:2"]
${ROUTER}name = "core1"
[[bgp.neighbour]]
name = "scrubber"
address = "2001:db8::1"
asn = 64512
port = 1790
passive = true
hold_time = 30
families = ["ipv6"]
form = "flowspec"
flow_protocols = ["udp"]
flow_ports = [5060, "10000-20000"]
communities = "no-export"
graceful_restart = 60
prefixes_max = 500
`),
  ).config;
  assert.deepEqual(bgp, {
    asn: 64_512,
    routerId: '203.0.113.5',
    listen: [
      { address: '0.0.0.0', port: 179 },
      { address: '::', port: 179 },
    ],
    neighbours: [
      {
        name: 'core1',
        address: '203.0.113.1',
        remoteAsn: 64_496,
        communities: [
          { kind: 'standard', value: 0xffff_029a },
          { kind: 'large', parts: [64_512, 1, 2] },
        ],
        nextHops: { ipv4: '192.0.2.66' },
        flowRule: {},
        limits: {},
      },
      {
        name: 'scrubber',
        address: '2001:db8::1',
        remoteAsn: 64_512,
        port: 1790,
        passive: true,
        holdTimeS: 30,
        families: ['ipv6'],
        form: 'flowspec',
        communities: [{ kind: 'standard', value: 0xffff_ff01 }],
        nextHops: { ipv4: '192.0.2.66' },
        flowRule: {
          protocols: [17],
          ports: [
            [5060, 5060],
            [10_000, 20_000],
          ],
        },
        gracefulRestart: { restartTimeS: 60 },
        limits: { prefixesMax: 500 },
      },
    ],
  });
  assert.equal(run('').config.bgp, undefined);
  assert.equal(run(...named(`${HEAD}${ROUTER}`)).config.bgp?.neighbours[0]?.name, '203.0.113.1');
});

test('loadConfig() refuses a wrong [bgp] with the key, what was wrong, and what would be right', () => {
  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    ['bgp = 1', /bgp is a table: write \[bgp\] before its keys/],
    ['[bgp]\n', /bgp: needs asn, our AS number: asn = 64512/],
    ['[bgp]\nasn = 1\n', /bgp: needs router_id, an IPv4 address/],
    ['[bgp]\nasn = "x"\n', /bgp: asn: takes a number without quotes/],
    ['[bgp]\nasn = 0\n', /asn: "0" is not the number of an autonomous system/],
    ['[bgp]\nasn = 23456\n', /"23456" is not .* 23456 and 65535 are reserved/],
    ['[bgp]\nasn = 1\nrouter_id = "::1"\n', /router_id: "::1" is not an IPv4 address/],
    [HEAD, /there is no neighbour: write \[\[bgp\.neighbour\]\]/],
    [`${HEAD}neighbours = 1\n`, /unknown key "neighbours", did you mean neighbour\?/],
    [`${HEAD}neighbour = 1\n`, /neighbour 1 is a table: write \[\[bgp\.neighbour\]\]/],
    [`${HEAD}listen = ["179"]\n`, /listen: "179" is not ADDRESS:PORT/],
    [
      `${HEAD}next_hop_ipv6 = "192.0.2.1"\n`,
      /next_hop_ipv6: "192\.0\.2\.1" is not an IPv6 address/,
    ],
    [`${HEAD}communities = ["65536:1"]\n`, /communities: "65536:1" is not at most 64 communities/],
    [`${HEAD}[[bgp.neighbour]]\nname = "a"\n`, /neighbour 1 "a": needs address/],
    [`${HEAD}[[bgp.neighbour]]\naddress = "203.0.113.1"\n`, /neighbour 1: needs asn, its AS/],
    [`${HEAD}${ROUTER}name = "a b"\n`, /name: "a b" is not a name of at most 64 letters/],
    [`${HEAD}${ROUTER}hold_time = 2\n`, /hold_time: "2" is not .* from 3 to 65535, or 0/],
    [`${HEAD}${ROUTER}families = ["ipv5"]\n`, /families: "ipv5" is not one of ipv4, ipv6/],
    [`${HEAD}${ROUTER}form = "flow"\n`, /form: "flow" is not one of unicast, flowspec/],
    [`${HEAD}${ROUTER}password = "s"\n`, /password: TCP MD5 and TCP-AO cannot be set/],
    [
      `${HEAD}${ROUTER}multihop_ttl = 5\n`,
      /multihop_ttl: packets leave with the TTL of the system/,
    ],
    [`${HEAD}${ROUTER}passive = true\n`, /passive waits for a connection: say where with listen/],
    [
      `${HEAD}listen = "0.0.0.0:179"\n${ROUTER}passive = true\nconnect_only = true\n`,
      /passive and connect_only together/,
    ],
    [`${HEAD}${ROUTER}local_address = "::1"\n`, /local_address: "::1" cannot reach 203\.0\.113\.1/],
    [`${HEAD}${ROUTER}flow_ports = 5060\n`, /flow_ports goes with form = "flowspec"/],
    [
      `${HEAD}${ROUTER}form = "flowspec"\nnext_hop_ipv4 = "192.0.2.1"\n`,
      /next_hop_ipv4: a FlowSpec rule has no next hop/,
    ],
    [`${HEAD}${ROUTER}prefixes_max = 0\n`, /prefixes_max: "0" is not a whole number from 1 to/],
    [`${HEAD}${ROUTER}${ROUTER}`, /two neighbours have the name "203\.0\.113\.1"/],
    [`${HEAD}${ROUTER}name = "a"\n${ROUTER}`, /two neighbours have the address "203\.0\.113\.1"/],
  ];
  for (const [text, message] of wrong) {
    const said = refused(...named(text));
    assert.match(said, message, text);
    assert.match(said, /^\/c\.toml, line \d+: bgp/, text);
  }
});

test('loadConfig() lets other commands work where [bgp] is wrong', () => {
  const files = { '/c.toml': '[bgp]\n' };
  assert.equal(load('-g /c.toml bgp status', { files }).kind, 'refused');
  assert.equal(load('-g /c.toml status', { files }).kind, 'command');
});

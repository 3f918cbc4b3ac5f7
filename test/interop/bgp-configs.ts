// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Configurations of `sentrypeer bgp` and of the routers in a test. */

import { documented } from './documented.ts';

/** Our AS number, and that of each router. */
export const OUR_ASN = 64_512;
export const ROUTER_ASN = 64_496;

/** The `[bgp]` table, with these keys. */
export function bgpTable(keys: string, ...neighbours: readonly string[]): string {
  const tables = neighbours.map((one) => `[[bgp.neighbour]]\nasn = ${ROUTER_ASN}\n${one}\n`);
  return `[bgp]\nasn = ${OUR_ASN}\nrouter_id = "127.0.0.1"\n${keys}\n${tables.join('')}`;
}

/** The documented configuration of BIRD, on loopback, with a second session that BIRD starts. */
export function birdConfig(port: number, ourPort: number): string {
  const page = documented('../bgp.md', 'bird', {
    '203.0.113.1 as': `127.0.0.2 port ${port} as`,
    '203.0.113.1': '127.0.0.2',
    '203.0.113.5': '127.0.0.1',
    'multihop;': 'multihop; strict bind yes; passive on;',
    // This machine's kernel must not be changed.
    'protocol kernel kernel4 { ipv4 { import none; export where proto = "sentrypeer"; }; }': '',
    'protocol kernel kernel6 { ipv6 { import none; export where proto = "sentrypeer"; }; }': '',
  });
  return `${page}
ipv4 table other4;
ipv6 table other6;
protocol bgp dials {
    local 127.0.0.3 port ${port} as ${ROUTER_ASN};
    neighbor 127.0.0.1 port ${ourPort} as ${OUR_ASN};
    multihop; strict bind yes; connect delay time 1; connect retry time 1; error wait time 1, 2;
    ipv4 { table other4; import filter blackhole4; export none; };
    ipv6 { table other6; import filter blackhole6; export none; };
}
ipv4 table few4;
protocol bgp few {
    local 127.0.0.8 port ${port} as ${ROUTER_ASN};
    neighbor 127.0.0.1 port 1 as ${OUR_ASN}; # BIRD has one session with a place, also if it never connects there.
    multihop; strict bind yes; passive on;
    ipv4 { table few4; import filter blackhole4; export none; import limit 1 action restart; };
}`;
}

/** Two of our addresses are two neighbours to a router: one gets routes, the other FlowSpec rules. */
export const ROUTES_FROM = '127.0.0.1';
export const RULES_FROM = '127.0.1.1';

export function bothForms(port: number, routesAt: string, rulesAt: string): string {
  const ways = `port = ${port}\nconnect_only = true\nconnect_retry = 1`;
  return bgpTable(
    '',
    `name = "routes"\naddress = "${routesAt}"\nlocal_address = "${ROUTES_FROM}"\n${ways}`,
    `name = "rules"\naddress = "${rulesAt}"\nlocal_address = "${RULES_FROM}"\nform = "flowspec"\nhold_time = 3\n${ways}`,
  );
}

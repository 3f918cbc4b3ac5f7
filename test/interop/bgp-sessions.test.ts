// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * What happens to sessions and their routes with real routers: killed and hung speakers, graceful restart, collisions,
 * MD5, IPv6.
 */

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Followers } from '../../packages/client/src/index.ts';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { adminKey, post } from '../e2e/delivered.ts';
import { bgpTable, OUR_ASN, ROUTER_ASN } from './bgp-configs.ts';
import { BgpProcess, order, Router } from './bgp-world.ts';
import { documented, shipped } from './documented.ts';
import {
  ATTACKER,
  ATTACKER6,
  FirewallWorld,
  HOST,
  HOST6,
  ROUTER,
  ROUTER6,
} from './firewall-world.ts';
import { peer } from './peer.ts';
import { freePort } from './tool.ts';

const LASTING = '45.13.0.1';
const SHORT = '45.13.0.2';
/** How long it is listed: on a busy machine BIRD is not asked often. */
const SHORT_MS = 8000;
/** From its start until BIRD connects. */
const CONNECT_DELAY_MS = 3000;

/** A BIRD session with a table of its name. @param more The address it connects to: BIRD has one session per place. */
function birdSession(name: string, local: string, port: number, more: string): string {
  return `
ipv4 table ${name}4;
protocol bgp ${name} {
    local ${local} port ${port} as ${ROUTER_ASN};
    neighbor 127.0.0.1 ${more} as ${OUR_ASN};
    multihop; strict bind yes; connect retry time 1; error wait time 1, 2;
    ipv4 { table ${name}4; import all; export none; };
}
`;
}

test('routes go when their listing ends, and when the speaker hangs or is killed, but for graceful restart', async (t) => {
  for (const name of ['bird', 'birdc'] as const) if (peer(name, t) === undefined) return;
  using folder = new TemporaryFolder();
  const flags = ['--threads=1', `--bgp-run-dir=${join(folder.path, 'run-bgp')}`];
  await using daemon = await DaemonProcess.start(flags);
  const node = `http://127.0.0.1:${daemon.ports.api}`;
  const key = await adminKey(daemon);
  const block = async (address: string, more: object = {}): Promise<void> =>
    assert.equal(await post(daemon, '/v1/decisions', key, { block: address, ...more }), 204);
  await block(LASTING);
  const port = await freePort();
  await using bird = Router.bird(
    folder.path,
    `router id 127.0.0.2;\nprotocol device { }\n${birdSession('goes', '127.0.0.2', port, 'port 1')}${birdSession('stays', '127.0.0.3', port, 'port 2')}`,
  );
  const ways = `port = ${port}\nlocal_address = "127.0.0.1"\nconnect_only = true\nconnect_retry = 1`;
  const table = bgpTable(
    '',
    `name = "goes"\naddress = "127.0.0.2"\nhold_time = 3\n${ways}`,
    `name = "stays"\naddress = "127.0.0.3"\ngraceful_restart = 120\n${ways}`,
  );
  const open = (): BgpProcess => new BgpProcess(folder.path, node, table);
  const has = async (
    what: string,
    prefix: string,
    goes: boolean,
    stays: boolean,
  ): Promise<void> => {
    const question = ['show', 'route', 'table', 'all'];
    await bird.until(`${what}: ${prefix}`, question, (text) => {
      const isIn = (table: string): boolean | undefined =>
        text
          .split(/^Table /mu)
          .find((part) => part.startsWith(`${table}4:`))
          ?.includes(`${prefix}/32`);
      return isIn('goes') === goes && isIn('stays') === stays;
    });
  };

  await using first = open();
  await has('both sessions', LASTING, true, true);

  await block(SHORT, { until: new Date(Date.now() + SHORT_MS).toISOString() });
  await has('while it is listed', SHORT, true, true);
  await has('when the listing has ended', SHORT, false, false);
  await has('what is listed', LASTING, true, true);

  // It hangs: the hold time expires for one neighbour, and not for the other.
  first.signal('SIGSTOP');
  await has('a speaker that hangs', LASTING, false, true);
  const told = async (name: string): Promise<string> =>
    (await bird.ask('show', 'protocols', 'all', name)).output;
  assert.match(await told('goes'), /Last error: .*Hold timer expired/);
  first.signal('SIGCONT');
  await has('when it goes on', LASTING, true, true);
  await first.reports('Hold Timer Expired, received');
  await until('the daemon to tell it', async () => {
    const { items } = (await (await fetch(`${node}/v1/followers`)).json()) as Followers;
    const goes = items[0]?.sessions.find(({ name }) => name === 'goes');
    return (
      goes?.up === true &&
      goes.prefixes_out === 1 &&
      goes.last_error?.includes('Hold Timer Expired, received') === true // A later attempt may have been closed.
    );
  });

  first.signal('SIGKILL');
  await first.ended();
  await has('a killed speaker', LASTING, false, true);
  assert.match(await told('stays'), /Neighbor graceful restart active/);

  // What ended meanwhile is withdrawn by the End-of-RIB of the next one; what is listed was never withdrawn.
  await block(SHORT);
  await order(daemon, 'allow', 'add', LASTING);
  await using _second = open();
  await has('the next speaker', SHORT, true, true);
  await has('what is allowed meanwhile', LASTING, false, false);
});

test('of two connections that are made at once one stays, whoever has the higher router id', async (t) => {
  for (const name of ['bird', 'birdc'] as const) if (peer(name, t) === undefined) return;
  await using daemon = await DaemonProcess.start(['--threads=1']);
  const node = `http://127.0.0.1:${daemon.ports.api}`;
  await order(daemon, 'block', LASTING);
  const meet = async (birdId: string): Promise<void> => {
    using folder = new TemporaryFolder();
    const [port, ourPort] = [await freePort(), await freePort()];
    const session = birdSession('both', '127.0.0.2', port, `port ${ourPort}`);
    const config = `router id ${birdId};\ndebug protocols all;\nprotocol device { }\n${session}`;
    await using bird = Router.bird(
      folder.path,
      config.replace('multihop;', `multihop; connect delay time ${CONNECT_DELAY_MS / 1000};`),
    );
    // It listens, and is stopped before it connects: the kernel accepts our connection meanwhile.
    await bird.until('BIRD', ['show', 'protocols'], () => bird.output.includes('Connect delayed'));
    const delayedAtMs = performance.now();
    bird.signal('SIGSTOP');
    const neighbour = `name = "bird"\naddress = "127.0.0.2"\nport = ${port}\nlocal_address = "127.0.0.1"\nconnect_retry = 1`;
    const listen = `listen = ["127.0.0.1:${ourPort}"]`;
    await using ours = new BgpProcess(folder.path, node, bgpTable(listen, neighbour));
    await until('our connection', async () => (await ours.says('status')).includes('OpenSent'));
    await until(
      'the time at which it connects',
      () => performance.now() > delayedAtMs + CONNECT_DELAY_MS,
    );
    bird.signal('SIGCONT');
    await bird.until('the route', ['show', 'route', 'table', 'both4'], (text) =>
      text.includes(LASTING),
    );
    for (const said of ['both: Incoming connection from', 'both: Connecting to']) {
      assert.ok(bird.output.includes(said), `${said}\n${bird.output}`);
    }
    await until('our side', async () => (await ours.says('status')).includes('Established'));
    assert.equal(bird.output.split('BGP session established').length, 2, bird.output);
  };
  await meet('126.0.0.1');
  await meet('128.0.0.1');
});

test('the relay of BIRD gives routes to a router that wants MD5, and IPv6 carries a session with TTL security', async (t) => {
  const unshare = peer('unshare', t);
  for (const name of ['bird', 'birdc', 'bgpd', 'vtysh', 'ip', 'nsenter', 'nft'] as const) {
    if (peer(name, t) === undefined) return;
  }
  if (unshare === undefined) return;
  await using world = await FirewallWorld.open(unshare);
  await using _daemon = await world.daemon();
  const of = (name: string): string => {
    const folder = join(world.folder, name);
    mkdirSync(folder);
    return folder;
  };
  const relayed = shipped('bird/bird-relay.conf', {
    '203.0.113.5': HOST,
    '203.0.113.1': ROUTER,
    'log syslog all;\n': '',
  });
  await using _relay = Router.bird(of('relay'), relayed, world.at('host'));
  const page = documented('../bgp.md', 'frr', {
    '203.0.113.5': HOST,
    '203.0.113.1': ROUTER,
    'ip route 192.0.2.1/32 Null0\n': '',
    'ipv6 route 100::1/128 Null0\n': '',
  });
  await using frr = Router.frr(
    of('frr'),
    `${page}router bgp ${ROUTER_ASN}\n neighbor ${HOST} password change-me\nexit\n`,
    [ROUTER],
    179,
    world.at('router'),
  );
  await using bird = Router.bird(
    of('bird'),
    `router id ${ROUTER};
protocol device { }
protocol bgp six {
    local ${ROUTER6} as ${ROUTER_ASN};
    neighbor ${HOST6} as ${OUR_ASN};
    multihop 2; ttl security on; strict bind yes; passive on;
    ipv4 { import all; export none; };
    ipv6 { import all; export none; };
}`,
    world.at('router'),
  );
  const ours = `[bgp]\nasn = ${OUR_ASN}\nrouter_id = "127.0.0.1"
[[bgp.neighbour]]
name = "relay"\naddress = "127.0.0.2"\nlocal_address = "127.0.0.1"\nport = 1179\nasn = ${OUR_ASN}
[[bgp.neighbour]]
name = "six"\naddress = "${ROUTER6}"\nlocal_address = "${HOST6}"\nasn = ${ROUTER_ASN}
`;
  await world.output('host', 'sh', '-ec', documented('../bgp.md', 'sh ttl', {}));
  await using _ours = new BgpProcess(world.folder, 'http://127.0.0.1:8082', ours, world.at('host'));
  await world.sentrypeer('block', ATTACKER);
  await world.sentrypeer('block', `${ATTACKER6.slice(0, -1)}/64`);
  await frr.until('the route over MD5', [`show bgp ipv4 unicast ${ATTACKER}/32 json`], (text) =>
    [/"string":"64512"/, /blackhole no-export/, /"ip":"192\.0\.2\.1"/, /"valid":true/].every(
      (one) => one.test(text),
    ),
  );
  assert.match((await frr.ask(`show bgp neighbors ${HOST}`)).stdout, /Peer Authentication Enabled/);
  await bird.until('the routes over IPv6', ['show', 'route', 'all'], (text) =>
    [`${ATTACKER}/32`, '2a02:11:1:1::/64'].every((prefix) => text.includes(prefix)),
  );
  await world.sentrypeer('unblock', ATTACKER);
  await frr.until('the withdrawal', [`show bgp ipv4 unicast ${ATTACKER}/32 json`], (text) =>
    /^\s*\{\s*\}\s*$/.test(text),
  );
});

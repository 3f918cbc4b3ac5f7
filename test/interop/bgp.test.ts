// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Real routers accept what a real daemon lists: routes and FlowSpec rules, until the listing or the session ends. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { adminKey, post } from '../e2e/delivered.ts';
import {
  bgpTable,
  birdConfig,
  bothForms,
  OUR_ASN,
  ROUTER_ASN,
  ROUTES_FROM,
  RULES_FROM,
} from './bgp-configs.ts';
import { BgpProcess, order, Router } from './bgp-world.ts';
import { documented } from './documented.ts';
import { ATTACKER, FirewallWorld, HOST, ROUTER } from './firewall-world.ts';
import { peer } from './peer.ts';
import { freePort, runTool } from './tool.ts';

/** Listed, and taken back while BIRD, GoBGP or FRR is watched. */
const FOR_BIRD = '45.13.0.1';
const FOR_GOBGP = '45.13.0.2';
const FOR_FRR = '45.13.0.3';
/** Listed all the time. */
const FOR_EXABGP = '45.13.0.4';
const IPV6 = '2a02:7b8:1:2::/64';

describe('on loopback', { concurrency: true }, () => {
  let daemon: DaemonProcess;
  let key: string;
  const node = (): string => `http://127.0.0.1:${daemon.ports.api}`;

  before(async () => {
    daemon = await DaemonProcess.start(['--threads=1']);
    key = await adminKey(daemon);
    for (const block of [FOR_BIRD, FOR_GOBGP, FOR_FRR, FOR_EXABGP, IPV6]) {
      assert.equal(await post(daemon, '/v1/decisions', key, { block }), 204);
    }
  });
  after(async () => daemon[Symbol.asyncDispose]());

  it('BIRD takes routes, in sessions that either side begins, and loses them when they end', async (t) => {
    for (const name of ['bird', 'birdc'] as const) if (peer(name, t) === undefined) return;
    using folder = new TemporaryFolder();
    const [port, ourPort] = [await freePort(), await freePort()];
    const config = birdConfig(port, ourPort);
    await using bird = Router.bird(folder.path, config);
    await using ours = new BgpProcess(
      folder.path,
      node(),
      bgpTable(
        `listen = ["127.0.0.1:${ourPort}"]`,
        `name = "waits"\naddress = "127.0.0.2"\nport = ${port}\nlocal_address = "127.0.0.1"\nconnect_retry = 1`,
        `name = "dials"\naddress = "127.0.0.3"\npassive = true`,
        `name = "few"\naddress = "127.0.0.8"\nport = ${port}\nlocal_address = "127.0.0.1"\nconnect_retry = 1`,
      ),
    );
    const all = ['show', 'route', 'table', 'all', 'all'];
    const count = (text: string, prefix: string): number => text.split(`\n${prefix}`).length - 1;
    const sees = async (what: string, ipv4: number, ipv6: number): Promise<string> =>
      bird.until(what, all, (text) => count(text, FOR_BIRD) === ipv4 && count(text, IPV6) === ipv6);

    const routes = await sees('routes of both sessions', 2, 2);
    const written = (prefix: string, nextHop: string): RegExp =>
      new RegExp(
        String.raw`^${prefix} +blackhole (?:.*\n\t)*BGP\.next_hop: ${nextHop}\n(?:\t.*\n)*\tBGP\.community: \(65535,666\) \(65535,65281\)$`,
        'gm',
      );
    for (const [prefix, nextHop] of [
      [`${FOR_BIRD}/32`, '192.0.2.1'],
      [IPV6, '100::1'],
    ] as const) {
      assert.equal([...routes.matchAll(written(prefix, nextHop))].length, 2, routes);
    }
    await until('the file of routes', async () =>
      /^45\.13\.0\.1 {2}until /m.test(await ours.says('routes')),
    );

    await ours.reports('Cease/Maximum Number of Prefixes Reached, received');

    // RFC 2918, RFC 7313: BIRD drops what is not sent again between the begin and end marks.
    const imported = async (): Promise<number> =>
      Number(
        /Import updates: +(\d+)/.exec(
          (await bird.ask('show', 'protocols', 'all', 'sentrypeer')).output,
        )?.[1],
      );
    const before = await imported();
    await bird.ask('reload', 'in', 'sentrypeer');
    await until('everything once more', async () => (await imported()) > before);
    await sees('all that was there', 2, 2);

    await order(daemon, 'allow', 'add', FOR_BIRD);
    await sees('what is allowed to go', 0, 2);

    await bird.ask('disable', 'sentrypeer', '"work on line 7"');
    await sees('the other session alone', 0, 1);
    await ours.reports('Cease/Administrative Shutdown, received: work on line 7');
    await bird.restart();
    await sees('both sessions of the router that was started again', 0, 2);

    await ours.stop();
    await sees('what was withdrawn by a stop', 0, 0);
    const told = (await bird.ask('show', 'protocols', 'all')).output;
    assert.match(told, /Last error: +Received: Administrative shutdown/);
    assert.equal(told.split('sentrypeer bgp was stopped').length, 3, told);
  });

  it('GoBGP takes routes and FlowSpec rules, and loses what is taken back', async (t) => {
    for (const name of ['gobgp', 'gobgpd'] as const) if (peer(name, t) === undefined) return;
    using folder = new TemporaryFolder();
    const [port, apiPort] = [await freePort(), await freePort()];
    const [routesAt, rulesAt] = ['127.0.0.4', '127.0.0.5'];
    const neighbour = (address: string, local: string, kind: string): string => `
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${OUR_ASN}
  [neighbors.transport.config]
    passive-mode = true
    local-address = "${local}"
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 5
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-${kind}"
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv6-${kind}"
`;
    await using gobgp = Router.gobgp(
      folder.path,
      `[global.config]
  as = ${ROUTER_ASN}
  router-id = "${routesAt}"
  port = ${port}
  local-address-list = ["${routesAt}", "${rulesAt}"]
${neighbour(ROUTES_FROM, routesAt, 'unicast')}${neighbour(RULES_FROM, rulesAt, 'flowspec')}`,
      apiPort,
    );
    await using ours = new BgpProcess(folder.path, node(), bothForms(port, routesAt, rulesAt));
    const rib = (family: string): readonly string[] => ['global', 'rib', '-a', family];

    const sees = async (family: string, expected: RegExp): Promise<string> =>
      gobgp.until(`${family}: ${expected}`, rib(family), (text) => expected.test(text));
    await sees(
      'ipv4',
      /45\.13\.0\.2\/32 +192\.0\.2\.1 +64512 .*\{Communities: blackhole, no-export\}/,
    );
    await sees('ipv6', /2a02:7b8:1:2::\/64 +100::1 +64512 .*\{Communities: blackhole, no-export\}/);
    const rule = String.raw`\[protocol: ==tcp ==udp\]\[destination-port: >=5060&<=5061\] .*\{Extcomms: \[discard\]\}`;
    await sees('ipv4-flowspec', new RegExp(String.raw`\[source: 45\.13\.0\.2/32\]${rule}`));
    await sees('ipv6-flowspec', new RegExp(String.raw`\[source: 2a02:7b8:1:2::/64/0\]${rule}`));

    assert.equal(await post(daemon, '/v1/decisions', key, { allow: FOR_GOBGP }), 204);
    await sees('ipv4', /^(?!.*45\.13\.0\.2)/s);
    await sees('ipv4-flowspec', /^(?!.*45\.13\.0\.2)/s);
    await sees('ipv6-flowspec', /2a02:/);

    await gobgp.ask('neighbor', ROUTES_FROM, 'reset');
    await sees('ipv6', /not in table/);
    await ours.reports('Cease/Administrative Reset, received');

    gobgp.signal('SIGSTOP');
    await ours.reports('Hold Timer Expired, sent');
  });

  it('FRR takes routes and FlowSpec rules, and asks for them again', async (t) => {
    for (const name of ['bgpd', 'vtysh'] as const) if (peer(name, t) === undefined) return;
    using folder = new TemporaryFolder();
    const port = await freePort();
    const [routesAt, rulesAt] = ['127.0.0.6', '127.0.0.7'];
    const page = documented('../bgp.md', 'frr', {
      '203.0.113.5': ROUTES_FROM,
      '203.0.113.1': routesAt,
      // These lines are for zebra, which writes into the kernel.
      'ip route 192.0.2.1/32 Null0\n': '',
      'ipv6 route 100::1/128 Null0\n': '',
    });
    const rules = documented('../bgp.md', 'frr flowspec', {
      '203.0.113.5': RULES_FROM,
      '203.0.113.1': routesAt,
    });
    await using frr = Router.frr(
      folder.path,
      `${page}${rules}router bgp ${ROUTER_ASN}
 neighbor ${ROUTES_FROM} passive
 neighbor ${RULES_FROM} passive
exit
`,
      [routesAt, rulesAt],
      port,
    );
    await using ours = new BgpProcess(folder.path, node(), bothForms(port, routesAt, rulesAt));
    const sees = async (question: string, ...expected: readonly RegExp[]): Promise<string> =>
      frr.until(question, [question], (text) => expected.every((one) => one.test(text)));
    const communities = /"string":"blackhole no-export"/;
    const ipv4Route = `show bgp ipv4 unicast ${FOR_FRR}/32 json`;
    await sees(ipv4Route, /"ip":"192\.0\.2\.1"/, communities, /"valid":true/);
    await sees(`show bgp ipv6 unicast ${IPV6} json`, /"ip":"100::1"/, communities, /"valid":true/);
    const rule = [
      /IP Protocol = 6 , = 17/,
      /Destination Port >= 5060 , <= 5061/,
      /FS:rate 0\.0/,
    ] as const;
    await sees('show bgp ipv4 flowspec detail', /Source Address 45\.13\.0\.3\/32\s/, ...rule);
    await sees(
      'show bgp ipv6 flowspec detail',
      /Source Address 2a02:7b8:1:2::\/64\/off 0\s/,
      ...rule,
    );

    const asked = `show bgp neighbors ${ROUTES_FROM} json`;
    const updates = (text: string): number => Number(/"updatesRecv":(\d+)/.exec(text)?.[1]);
    const before = updates((await frr.ask(asked)).stdout);
    assert.ok(before > 0, String(before));
    await frr.ask(`clear bgp ipv4 unicast ${ROUTES_FROM} soft in`);
    await frr.until(
      'everything once more',
      [asked],
      (text) => updates(text) > before && /"routeRefreshSent":[1-9]/.test(text),
    );

    assert.equal(await post(daemon, '/v1/decisions', key, { allow: FOR_FRR }), 204);
    await sees(ipv4Route, /^\s*\{\s*\}\s*$/);
    await sees('show bgp ipv4 flowspec detail', /^(?!.*45\.13\.0\.3)/s);

    await frr.ask(`clear bgp ${ROUTES_FROM}`);
    await ours.reports('Cease/Administrative Reset, received');
    await sees(`show bgp ipv6 unicast ${IPV6} json`, communities);
  });

  it('ExaBGP takes routes and FlowSpec rules, and loses what is withdrawn at once', async (t) => {
    if (peer('exabgp', t) === undefined) return;
    using folder = new TemporaryFolder();
    const port = await freePort();
    const [routesAt, rulesAt] = ['127.0.0.9', '127.0.0.10'];
    const neighbour = (address: string, local: string, kind: string): string => `
neighbor ${address} {
    router-id ${local};
    local-address ${local};
    local-as ${ROUTER_ASN};
    peer-as ${OUR_ASN};
    passive;
    family { ipv4 ${kind}; ipv6 ${kind}; }
    api { processes [ heard ]; receive { parsed; update; } }
}
`;
    const heard = join(folder.path, 'heard.json');
    const script = join(folder.path, 'heard.sh');
    writeFileSync(script, `while read -r line; do printf '%s\\n' "$line" >> ${heard}; done\n`);
    await using exabgp = Router.exabgp(
      folder.path,
      `process heard { run /bin/sh ${script}; encoder json; }
${neighbour(ROUTES_FROM, routesAt, 'unicast')}${neighbour(RULES_FROM, rulesAt, 'flow')}`,
      [routesAt, rulesAt],
      port,
    );
    await using ours = new BgpProcess(folder.path, node(), bothForms(port, routesAt, rulesAt));
    const hears = async (...expected: readonly RegExp[]): Promise<void> => {
      const missing = (): readonly RegExp[] => {
        const said = existsSync(heard) ? readFileSync(heard, 'utf8') : '';
        return expected.filter((one) => !one.test(said));
      };
      try {
        await until('what ExaBGP writes', () => missing().length === 0);
      } catch (cause) {
        throw new Error(`${missing().join('\n')}\n${exabgp.output}`, { cause });
      }
    };
    const route = String.raw`"community": \[ \[ 65535, 666 \], \[ 65535, 65281 \] \].*"announce": `;
    const rule = String.raw`"string": "rate-limit:0" .*"announce": .*`;
    const parts = String.raw`\[ =tcp =udp \] destination-port \[ >=5060&<=5061 \]`;
    await hears(
      new RegExp(`${route}.*"192\\.0\\.2\\.1": .*"45\\.13\\.0\\.4/32"`),
      new RegExp(`${route}.*"100::1": .*"2a02:7b8:1:2::/64"`),
      new RegExp(`${rule}flow source-ipv4 45\\.13\\.0\\.4/32 protocol ${parts}`),
      new RegExp(`${rule}flow source-ipv6 2a02:7b8:1:2::/64/0 next-header ${parts}`),
      ...['unicast', 'flow'].flatMap((safi) =>
        ['ipv4', 'ipv6'].map(
          (afi) => new RegExp(`"eor": \\{ "afi" : "${afi}", "safi" : "${safi}" \\}`),
        ),
      ),
    );
    await ours.says('flush');
    await hears(
      /"withdraw": .*"ipv4 unicast": .*"45\.13\.0\.4\/32"/,
      /"withdraw": .*"ipv6 unicast": .*"2a02:7b8:1:2::\/64"/,
      /"withdraw": .*"ipv4 flow": .*45\.13\.0\.4\/32/,
      /"withdraw": .*"ipv6 flow": .*2a02:7b8:1:2::\/64/,
    );
  });
});

test('a BIRD with the configuration of the page drops what comes from an attacker, not from a bystander', async (t) => {
  const unshare = peer('unshare', t);
  for (const name of ['bird', 'birdc', 'ip', 'nft', 'nsenter'] as const) {
    if (peer(name, t) === undefined) return;
  }
  if (unshare === undefined) return;
  await using world = await FirewallWorld.open(unshare);
  await using _daemon = await world.daemon();
  await using bird = Router.bird(
    world.folder,
    documented('../bgp.md', 'bird', { '203.0.113.5': HOST, '203.0.113.1': ROUTER }),
    world.at('router'),
  );
  const rules = join(world.folder, 'sources.nft');
  writeFileSync(rules, documented('../bgp.md', 'nft', {}));
  await world.output('router', 'nft', '-f', rules);
  await using ours = new BgpProcess(
    world.folder,
    'http://127.0.0.1:8082',
    `[bgp]\nasn = ${OUR_ASN}\nrouter_id = "${HOST}"\n[[bgp.neighbour]]\naddress = "${ROUTER}"\nasn = ${ROUTER_ASN}\n`,
    world.at('host'),
  );
  await bird.until('the session', ['show', 'protocols'], (text) => text.includes('Established'));
  assert.ok(await world.isReachable('attacker'));

  await world.sentrypeer('block', ATTACKER);
  const kernel = (): Promise<string> => world.output('router', 'ip', 'route');
  await until('the route of the kernel', async () =>
    (await kernel()).includes(`blackhole ${ATTACKER} `),
  );
  assert.ok(!(await world.isReachable('attacker')), ours.output);
  assert.ok(await world.isReachable('bystander'));
  const dropped = /fib saddr oif missing counter packets (\d+) /.exec(
    await world.output('router', 'nft', 'list', 'ruleset'),
  );
  assert.ok(
    Number(dropped?.[1]) > 0,
    'what came from the attacker was dropped, not only the answers',
  );

  await ours.stop();
  await until('the kernel without the route', async () => !(await kernel()).includes('blackhole'));
  assert.ok(await world.isReachable('attacker'));
});

test('the routers understand every configuration that we ship or show', async (t) => {
  const [bird, vtysh] = [peer('bird', t), peer('vtysh', t)];
  if (bird === undefined || vtysh === undefined) return;
  using folder = new TemporaryFolder();
  const root = join(import.meta.dirname, '../..');
  const parses = async (program: string, ...args: readonly string[]): Promise<void> => {
    const { status, output } = await runTool(program, args, { folder: folder.path });
    assert.equal(status, 0, output);
    assert.equal(output.trim(), '');
  };
  const shown = (fence: string): string => {
    const file = join(folder.path, fence);
    writeFileSync(file, documented('../bgp.md', fence, {}));
    return file;
  };
  await parses(bird, '-p', '-c', join(root, 'packaging/bird/bird-relay.conf'));
  await parses(bird, '-p', '-c', shown('bird'));
  await parses(vtysh, '-C', '-f', shown('frr'));
  await parses(vtysh, '-C', '-f', shown('frr flowspec'));
});

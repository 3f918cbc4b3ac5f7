// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Speaker,
  type NeighbourOptions,
  type NeighbourStatus,
  type SpeakerOptions,
} from '@sentrypeer/bgp';
import { prefix, type Prefix } from '@sentrypeer/ip';
import { MessageType, encodeKeepalive, encodeMessage } from '../src/wire/message.ts';
import {
  encodeNotification,
  notification,
  shutdownNotification,
} from '../src/wire/notification.ts';
import { AFI_SAFIS } from '../src/wire/afi-safi.ts';
import { encodeRouteRefresh } from '../src/wire/route-refresh.ts';
import { checkUpdate } from '../src/wire/update-check.ts';
import { RawPeer } from './raw-peer.ts';
import { World } from './world.ts';

const HERE = '10.0.0.1';
const THERE = '10.0.0.2';
const [IPV4] = AFI_SAFIS;
assert.ok(IPV4 !== undefined);

const ROUTER: NeighbourOptions = {
  name: 'router',
  address: THERE,
  remoteAsn: 64_999,
  passive: true,
};

async function open(
  world: World,
  neighbour: Partial<NeighbourOptions> = {},
  options: Partial<SpeakerOptions> = {},
): Promise<Speaker> {
  return Speaker.open(world.ports(HERE), {
    asn: 65_332,
    routerId: HERE,
    listen: [{ host: HERE, port: 179 }],
    neighbours: [{ ...ROUTER, ...neighbour }],
    ...options,
  });
}

function statusOf(speaker: Speaker): NeighbourStatus {
  const [status] = speaker.status().neighbours;
  assert.ok(status !== undefined);
  return status;
}

function dial(world: World, from = THERE): RawPeer {
  return new RawPeer(world, from, `${HERE}:179`);
}

const nth = (index: number): Prefix =>
  prefix(`45.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
const many = (count: number, from = 0): readonly Prefix[] =>
  Array.from({ length: count }, (_, index) => nth(from + index));

/** Prefixes announced and withdrawn in UPDATEs of IPv4. */
function countsOf(updates: readonly Uint8Array[]): { announced: number; withdrawn: number } {
  let [announced, withdrawn] = [0, 0];
  for (const body of updates) {
    const { announcedCount, isMalformed, reset } = checkUpdate(body, {
      hasFourOctetAsn: true,
      isInternal: false,
    });
    assert.deepEqual([isMalformed, reset], [false, undefined]);
    announced += announcedCount;
    withdrawn += ((body[0] ?? 0) * 256 + (body[1] ?? 0)) / 5;
  }
  return { announced, withdrawn };
}

test('Speaker announces its set, the changes of it, and says when all is there', async () => {
  const world = new World();
  const speaker = await open(world);
  const peer = dial(world);
  await peer.establish();
  await world.pass(100);
  assert.equal(statusOf(speaker).state, 'Established');
  assert.deepEqual(
    peer.types,
    [MessageType.open, MessageType.keepalive],
    'nothing before the set is known',
  );
  speaker.replace([nth(1), nth(2), prefix('2001:db8::1')]);
  await world.pass(100);
  assert.deepEqual(countsOf(peer.updates), { announced: 3, withdrawn: 0 });
  assert.equal(peer.updates.filter(({ length }) => length === 4).length, 1, 'End-of-RIB of IPv4');
  assert.equal(statusOf(speaker).session?.isInSync, true);
  speaker.remove([nth(1)]);
  speaker.add([nth(3), nth(2)]);
  await world.pass(100);
  assert.deepEqual(countsOf(peer.updates), { announced: 4, withdrawn: 1 });
  speaker.replace([nth(2), nth(3)]);
  await world.pass(100);
  assert.equal(statusOf(speaker).prefixesOut, 2);
  assert.equal(countsOf(peer.updates).announced, 4, 'nothing that it has is sent again');
  assert.deepEqual(statusOf(speaker).session, {
    remoteRouterId: THERE,
    isIncoming: true,
    holdTimeS: 90,
    keepaliveS: 30,
    families: ['ipv4 unicast', 'ipv6 unicast'],
    capabilities: ['multiprotocol', 'route refresh', '4-octet AS number', 'enhanced route refresh'],
    isInSync: true,
  });
});

test('Speaker and Speaker meet, whoever connects, and lose nothing when both do at once', async () => {
  for (const [here, there] of [
    [{ passive: true }, {}],
    [{}, { passive: true }],
    [{}, {}],
    [{ connectOnly: true }, { passive: true }],
  ]) {
    const world = new World();
    const left = await open(world, { ...here, passive: false, ...here });
    const right = await Speaker.open(world.ports(THERE), {
      asn: 64_999,
      routerId: THERE,
      listen: [{ host: THERE, port: 179 }],
      neighbours: [{ name: 'feed', address: HERE, remoteAsn: 65_332, ...there }],
    });
    left.replace(many(3000));
    right.replace([]);
    await world.pass(40_000);
    for (const speaker of [left, right]) {
      const { state, flapsCount, lastError } = statusOf(speaker);
      assert.deepEqual([state, flapsCount], ['Established', 0], lastError?.name ?? '');
    }
    assert.equal(statusOf(right).prefixesDropped, 3000);
    await world.pass(3_600_000);
    assert.equal(statusOf(left).state, 'Established', 'an hour later');
    const closed = Promise.all([left.close(), right.close()]);
    await world.pass(10_000);
    await closed;
  }
});

test('Speaker that loses a collision keeps the connection of the higher identifier (RFC 4271 §6.8)', async () => {
  for (const [routerId, isIncoming] of [
    [0x0a000002, true],
    [0x01010101, false],
  ] as const) {
    const world = new World();
    const speaker = await open(world, { passive: false, port: 179 });
    // The neighbour accepts our connection, and opens its own.
    const other = await Speaker.open(world.ports(THERE), {
      asn: 64_999,
      routerId: `${routerId >>> 24}.${(routerId >>> 16) & 255}.${(routerId >>> 8) & 255}.${routerId & 255}`,
      listen: [{ host: THERE, port: 179 }],
      neighbours: [{ name: 'feed', address: HERE, remoteAsn: 65_332 }],
    });
    await world.pass(60_000);
    assert.equal(statusOf(speaker).state, 'Established');
    assert.equal(statusOf(speaker).session?.isIncoming, isIncoming);
    void other.close();
  }
});

test('Speaker sends KEEPALIVEs, and ends a session that has become silent', async () => {
  const world = new World();
  const speaker = await open(world);
  const peer = dial(world);
  await peer.establish({ holdTimeS: 9 });
  await world.pass(8000);
  assert.equal(peer.types.filter((type) => type === MessageType.keepalive).length, 3);
  await peer.send(encodeKeepalive());
  await world.pass(8000);
  assert.equal(statusOf(speaker).state, 'Established');
  await world.pass(2000);
  assert.equal(peer.notified, 'Hold Timer Expired');
  assert.equal(statusOf(speaker).lastError?.direction, 'sent');
  assert.deepEqual(
    world.events('bgp_down').map(({ error }) => error),
    ['Hold Timer Expired'],
  );
});

test('Speaker with a busy thread reads what waits before it gives a neighbour up', async () => {
  const world = new World();
  const speaker = await open(world);
  const peer = dial(world);
  await peer.establish({ holdTimeS: 3 });
  world.nowMs += 5000; // The thread was busy with something else.
  await peer.send(encodeKeepalive());
  await world.pass(1500);
  assert.equal(statusOf(speaker).state, 'Established');
  await world.pass(4000);
  assert.equal(peer.notified, 'Hold Timer Expired');
});

test('Speaker answers a route refresh, between its bounds (RFC 2918, RFC 7313)', async () => {
  const world = new World();
  const speaker = await open(world);
  speaker.replace(many(10));
  const peer = dial(world);
  await peer.establish();
  await world.pass(200);
  peer.messages.length = 0;
  for (let count = 0; count < 50; count += 1) await peer.send(encodeRouteRefresh(IPV4, 0));
  await world.pass(500);
  assert.deepEqual(peer.types, [5, 2, 5], 'BoRR, routes, EoRR');
  assert.deepEqual([peer.messages[0]?.body[2], peer.messages[2]?.body[2]], [1, 2]);
  assert.equal(countsOf(peer.updates).announced, 10);
  await world.pass(10_000);
  assert.equal(countsOf(peer.updates).announced, 20, 'the others together, 5 s later');
  assert.equal(statusOf(speaker).refreshesCount, 2);
  await peer.send(encodeMessage(MessageType.routeRefresh, Uint8Array.of(0, 1, 0)));
  await world.pass(10);
  assert.equal(peer.notified, 'ROUTE-REFRESH Message Error/Invalid Message Length');
});

test('Speaker waits for minutes after a neighbour had too many prefixes, and refuses it meanwhile', async () => {
  const world = new World();
  const speaker = await open(world);
  const peer = dial(world);
  await peer.establish();
  await peer.send(encodeNotification(notification(6, 1)));
  await world.pass(10);
  const { state, retryAtEpochMs, sinceEpochMs, lastError, flapsCount } = statusOf(speaker);
  assert.deepEqual(
    [state, flapsCount, lastError?.name],
    ['Idle', 1, 'Cease/Maximum Number of Prefixes Reached'],
  );
  assert.equal((retryAtEpochMs ?? 0) - sinceEpochMs, 300_000);
  const early = dial(world);
  await world.pass(3000);
  assert.equal(early.notified, 'Cease/Connection Rejected');
  await world.pass(300_000);
  const late = dial(world);
  await late.establish();
  assert.equal(statusOf(speaker).state, 'Established');
  await late.send(encodeNotification(notification(6, 1)));
  await world.pass(10);
  const again = statusOf(speaker);
  assert.equal((again.retryAtEpochMs ?? 0) - again.sinceEpochMs, 600_000);
  assert.equal(speaker.resetNeighbour('router'), true);
  assert.equal(statusOf(speaker).state, 'Active', 'an operator does not wait');
});

test('Speaker repeats what the other operator said', async () => {
  const world = new World();
  const speaker = await open(world);
  const peer = dial(world);
  await peer.establish();
  await peer.send(encodeNotification(shutdownNotification(2, 'new line card')));
  await world.pass(10);
  assert.equal(statusOf(speaker).lastError?.communication, 'new line card');
  assert.equal(world.events('bgp_down')[0]?.['said'], 'new line card');
});

test('Speaker tries without capabilities when a neighbour does not know them (RFC 5492 §3)', async () => {
  const world = new World();
  const speaker = await open(world);
  speaker.replace([nth(1), prefix('2001:db8::1')]);
  const first = dial(world);
  await world.pass(10);
  assert.ok((first.messages[0]?.body.length ?? 0) > 10);
  await first.send(encodeNotification(notification(2, 4)));
  await world.pass(2000);
  const second = dial(world);
  await second.establish({ capabilities: new Uint8Array(0) });
  await world.pass(200);
  assert.equal(second.messages[0]?.body.length, 10);
  assert.deepEqual(statusOf(speaker).session?.families, ['ipv4 unicast']);
  // The path has the AS number in two octets.
  const [update] = second.updates;
  assert.deepEqual(Array.from(update?.slice(8, 15) ?? []), [0x40, 2, 4, 2, 1, 0xff, 0x34]);
});

test('Speaker keeps an old session of a neighbour that does not restart, and drops that of one that does (RFC 4724 §4.2)', async () => {
  for (const isGraceful of [false, true]) {
    const world = new World();
    const gracefulRestart = { isRestarting: false, restartTimeS: 120 };
    const speaker = await open(world, isGraceful ? { gracefulRestart: {} } : {});
    speaker.replace(many(5));
    const former = dial(world);
    await former.establish({ gracefulRestart });
    await world.pass(200);
    const next = dial(world);
    await next.establish({ gracefulRestart });
    await world.pass(200);
    assert.equal(next.notified, isGraceful ? undefined : 'Cease/Connection Collision Resolution');
    assert.equal(former.isClosed, isGraceful);
    assert.equal(former.notified, undefined);
    assert.equal(countsOf(next.updates).announced, isGraceful ? 5 : 0);
    assert.equal(statusOf(speaker).state, 'Established');
  }
});

test('Speaker that closes withdraws, and says why', async () => {
  const world = new World();
  const speaker = await open(world, { gracefulRestart: {} });
  speaker.replace(many(2000));
  const peer = dial(world);
  await peer.establish({ gracefulRestart: { isRestarting: false, restartTimeS: 120 } });
  await world.pass(200);
  const closed = speaker.close({ withdraw: true, reason: 'upgrade' });
  await world.pass(3000);
  await closed;
  assert.deepEqual(countsOf(peer.updates), { announced: 2000, withdrawn: 2000 });
  assert.equal(peer.notified, 'Cease/Administrative Shutdown');
  const last = peer.messages.at(-1)?.body ?? new Uint8Array(0);
  assert.equal(new TextDecoder().decode(last.subarray(3)), 'upgrade');
  assert.equal(peer.isClosed, true);
});

test('Speaker that closes without withdrawing leaves a graceful neighbour without a word', async () => {
  for (const isGraceful of [false, true]) {
    const world = new World();
    const speaker = await open(world, isGraceful ? { gracefulRestart: {} } : {});
    speaker.replace(many(5));
    const peer = dial(world);
    await peer.establish({ gracefulRestart: { isRestarting: false, restartTimeS: 120 } });
    await world.pass(200);
    const closed = speaker.close({ withdraw: false });
    await world.pass(3000);
    await closed;
    assert.equal(countsOf(peer.updates).withdrawn, 0);
    assert.equal(peer.notified, isGraceful ? undefined : 'Cease/Administrative Shutdown');
    assert.equal(peer.isClosed, true);
  }
});

test('Speaker says that it restarts, only while it may have', async () => {
  const world = new World();
  const speaker = await open(world, { gracefulRestart: { restartTimeS: 60 } });
  const flags = async (): Promise<number | undefined> => {
    const peer = dial(world);
    await world.pass(10);
    const { body = new Uint8Array(0) } = peer.messages[0] ?? {};
    const at = body.indexOf(64, 12);
    peer.close();
    await world.pass(10);
    return body[at + 2];
  };
  assert.equal(await flags(), 0x80);
  await world.pass(61_000);
  assert.equal(await flags(), 0);
  assert.equal(statusOf(speaker).state, 'Active');
});

test('Speaker tells a neighbour of its own AS an empty path and LOCAL_PREF', async () => {
  const world = new World();
  const speaker = await open(world, { remoteAsn: 65_332, localPref: 200 });
  speaker.replace([nth(1)]);
  const peer = dial(world);
  await peer.establish({ asn: 65_332 });
  await world.pass(200);
  const body = peer.updates[0] ?? new Uint8Array(0);
  assert.deepEqual([...body.subarray(4, 11)], [0x40, 1, 1, 0, 0x40, 2, 0]);
  assert.deepEqual([...body.subarray(18, 25)], [0x40, 5, 4, 0, 0, 0, 200]);
});

test('Speaker gives IPv4 routes a next hop of IPv6 where the neighbour takes it (RFC 8950)', async () => {
  for (const extendedNextHop of [true, false]) {
    const world = new World();
    const speaker = await open(world, {
      families: ['ipv4'],
      nextHops: { ipv4: '100::1' },
    });
    speaker.replace([nth(1)]);
    const peer = dial(world);
    await peer.establish({ extendedNextHop });
    await world.pass(200);
    if (!extendedNextHop) {
      assert.equal(peer.notified, 'OPEN Message Error/Unsupported Capability');
      continue;
    }
    const body = peer.updates[0] ?? new Uint8Array(0);
    assert.deepEqual([...body.subarray(4, 14)], [0x90, 14, 0, 26, 0, 1, 1, 16, 1, 0]);
    assert.equal(countsOf(peer.updates).announced, 1);
  }
});

test('Speaker announces rules to a neighbour of FlowSpec', async () => {
  const world = new World();
  const speaker = await open(world, { form: 'flowspec' });
  speaker.replace([nth(1), prefix('2001:db8:1::/48')]);
  const peer = dial(world);
  await peer.establish();
  await world.pass(200);
  assert.deepEqual(statusOf(speaker).session?.families, ['ipv4 flowspec', 'ipv6 flowspec']);
  assert.equal(countsOf(peer.updates).announced, 2);
  const text = peer.updates.map((body) => [...body].join(',')).join(' ');
  assert.ok(text.includes('2,32,45,0,0,1,3,1,6,129,17,5,19,19,196,213,19,197'), text);
  assert.ok(text.includes('192,16,8,128,6,0,0,0,0,0,0'), 'traffic-rate 0');
});

test('Speaker keeps to the rate and to the limit of prefixes', async () => {
  const world = new World();
  const speaker = await open(world, {
    limits: { prefixesMax: 5000, prefixesPerSecond: 1000 },
  });
  speaker.replace(many(6000));
  const peer = dial(world);
  await peer.establish();
  await world.pass(2000);
  const { announced } = countsOf(peer.updates);
  assert.ok(announced >= 1900 && announced <= 2200, String(announced));
  // What was sent this millisecond is on its way.
  assert.ok(Math.abs(statusOf(speaker).prefixesPending - (5000 - announced)) <= 100);
  await world.pass(5000);
  const { prefixesOut, prefixesPending, prefixesHeldBack } = statusOf(speaker);
  assert.deepEqual([prefixesOut, prefixesPending, prefixesHeldBack], [5000, 0, 1000]);
  assert.deepEqual(world.events('bgp_prefixes_held_back'), [
    { neighbour: 'router', prefixes: 6000, max: 5000 },
  ]);
  speaker.replace(many(4000));
  await world.pass(5000);
  assert.equal(statusOf(speaker).prefixesOut, 4000);
  assert.equal(world.events('bgp_prefixes_all_sent').length, 1);
});

test('Speaker refuses options that can not be right', async () => {
  const world = new World();
  for (const [neighbour, words] of [
    [{ remoteAsn: 0 }, 'AS number'],
    [{ address: 'router.example' }, 'not an address'],
    [{ holdTimeS: 2 }, 'hold time'],
    [{ passive: true, connectOnly: true }, 'passive'],
    [{ nextHops: { ipv6: '192.0.2.1' } }, 'IPv6 address'],
    [{ nextHops: { ipv6LinkLocal: '2001:db8::1' } }, 'link-local'],
    [{ flowRule: { ports: [[5061, 5060]] } }, 'ports'],
    [{ remoteRouterId: '::1' }, 'router id'],
    [{ families: [] }, 'family'],
  ] as const) {
    await assert.rejects(open(world, neighbour), (error: Error) => {
      assert.equal('code' in error && error.code, 'bgp_options');
      return error.message.includes(words);
    });
  }
  const twice = { neighbours: [ROUTER, { ...ROUTER, name: 'other' }] };
  await assert.rejects(open(world, {}, twice), { code: 'bgp_options' });
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How long does BIRD take to have everything that `sentrypeer bgp` announces, compared with GoBGP announcing the same
 * to the same BIRD in the same run? How late does a change of 1,000 listings reach BIRD's table, also next to a router
 * that reads nothing? How much memory does it take? Needs Debian's bird2 and gobgpd. COUNTS and ROUNDS can be changed.
 *
 *   npm run bundle && node bench/bgp.ts
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { BLACKHOLE, Speaker } from '@sentrypeer/bgp';
import { openSpeaker } from '@sentrypeer/bgp/tcp';
import { parsePrefix, type Prefix } from '@sentrypeer/ip';
import { ListingsFeed } from './load/listings-feed.ts';
import {
  machineLine,
  residentMibOf,
  start,
  temporaryFolder,
  type Running,
} from './load/processes.ts';

const counts = (process.env['COUNTS'] ?? '100000,500000').split(',').map(Number);
const rounds = Number(process.env['ROUNDS'] ?? '5');
const CHANGES = 1000;
const OURS = '127.0.0.1';
const BIRD = '127.0.0.2';
const GOBGP = '127.0.0.3';
const SLOW = '127.0.0.4';
const FILLER = '127.0.0.5';
const BIRD_PORT = 25_179;
const OUR_PORT = 25_180;
const GOBGP_PORT = 25_181;
const GOBGP_API_PORT = 25_182;
const SLOW_PORT = 25_183;
const WAIT_MS_MAX = 120_000;

using folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);

/** Addresses in an order that none of the tables uses. */
const address = (index: number): string => {
  const mixed = (index * 7919) % 16_777_216;
  return `45.${mixed >> 16}.${(mixed >> 8) & 255}.${mixed & 255}`;
};

const birdPeer = (name: string, peer: string, port: number, asn: number): string => `
ipv4 table ${name}4;
protocol bgp ${name} {
  disabled;
  local ${BIRD} port ${BIRD_PORT} as 64496;
  neighbor ${peer} port ${port} as ${asn};
  multihop; strict bind yes; connect delay time 0; connect retry time 1; error wait time 1, 1; hold time 240;
  ipv4 { table ${name}4; import filter { if net.len != 32 then reject; dest = RTD_BLACKHOLE; accept; }; export none; };
}
`;

/**
 * BIRD's control socket: one question per line, answers with a number each, the last one with a space after the number.
 */
class BirdControl {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async ask(question: string): Promise<string> {
    const socket = connect(this.#path).setEncoding('utf8');
    let answer = '';
    socket.write(`${question}\n`);
    for await (const text of socket) {
      answer += String(text);
      // The greeting is the first such line.
      if ((answer.match(/^\d{4} .*\n/gmu)?.length ?? 0) >= 2) break;
    }
    socket.destroy();
    return answer;
  }

  /** Whether the session is up, and how many routes it brought. */
  async protocol(name: string): Promise<{ readonly isUp: boolean; readonly routes: number }> {
    const answer = await this.ask(`show protocols all ${name}`);
    return {
      isUp: answer.includes('Established'),
      routes: Number(/Routes: +(\d+) imported/u.exec(answer)?.[1] ?? 0),
    };
  }
}

async function until(what: string, isFit: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!(await isFit())) {
    if (performance.now() > endMs) throw new Error(`${what} did not come`);
    await after(5);
  }
}

function started(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** A router that sets up a session, sends its KEEPALIVEs and reads nothing from then on. */
function slowRouter(): Server {
  const marker = 'ff'.repeat(16);
  const open = Buffer.from(`${marker}001d0104fbf000f00a00000400`, 'hex');
  const keepalive = Buffer.from(`${marker}001304`, 'hex');
  return createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(open);
    let octets = 0;
    socket.on('data', (chunk: Buffer) => {
      octets += chunk.length;
      // Its OPEN and its first KEEPALIVE have come.
      if (octets >= 48) socket.pause();
    });
    socket.write(keepalive);
    const beat = setInterval(() => socket.write(keepalive), 10_000);
    socket.on('close', () => clearInterval(beat));
  }).listen(SLOW_PORT, SLOW);
}

interface World {
  readonly bird: BirdControl;
  readonly feed: ListingsFeed;
  readonly ours: Running;
  readonly gobgp: ChildProcess;
}

/** Milliseconds from the session to the last route. */
async function converge(bird: BirdControl, name: string, count: number): Promise<number> {
  await bird.ask(`enable ${name}`);
  await until(`the session with ${name}`, async () => (await bird.protocol(name)).isUp);
  const beganAtMs = performance.now();
  await until(`the routes of ${name}`, async () => (await bird.protocol(name)).routes === count);
  const tookMs = performance.now() - beganAtMs;
  await bird.ask(`disable ${name}`);
  await until('the end', async () => (await bird.protocol(name)).routes === 0);
  return tookMs;
}

interface ChangeTimes {
  readonly listed: number[];
  readonly unlisted: number[];
}

/** Milliseconds from changes of listings until BIRD has them. */
async function changes({ bird, feed }: World, count: number): Promise<ChangeTimes> {
  const some = Array.from({ length: CHANGES }, (_, index) => `46.1.${index >> 8}.${index & 255}`);
  const took = async (change: 'listed' | 'unlisted', routes: number): Promise<number> => {
    const beganAtMs = performance.now();
    feed.change(some, change);
    await until(change, async () => (await bird.protocol('ours')).routes === routes);
    return performance.now() - beganAtMs;
  };
  const times: ChangeTimes = { listed: [], unlisted: [] };
  for (let round = 0; round < rounds; round += 1) {
    times.listed.push(await took('listed', count + CHANGES));
    times.unlisted.push(await took('unlisted', count));
  }
  return times;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const say = (name: string, value: string): void => {
  process.stdout.write(`  ${name.padEnd(58)} ${value.padStart(14)}\n`);
};
const seconds = (values: readonly number[]): string =>
  `${(median(values) / 1000).toFixed(2)} s (${values.map((each) => (each / 1000).toFixed(2)).join(', ')})`;

async function measure(world: World, count: number): Promise<void> {
  const { bird, ours, gobgp } = world;
  const times = { ours: new Array<number>(), gobgp: new Array<number>() };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of ['ours', 'gobgp'] as const) {
      times[name].push(await converge(bird, name, count));
    }
  }
  say('sentrypeer bgp: from the session to the last route', seconds(times.ours));
  say('GoBGP, the same', seconds(times.gobgp));
  say('ratio', (median(times.ours) / median(times.gobgp)).toFixed(2));
  await bird.ask('enable ours');
  await until('all', async () => (await bird.protocol('ours')).routes === count);
  const alone = await changes(world, count);
  say(`${CHANGES} listed until BIRD has them`, seconds(alone.listed));
  say(`${CHANGES} unlisted until BIRD has withdrawn them`, seconds(alone.unlisted));
  const beforeMib = ours.residentMib();
  say('memory of sentrypeer bgp', `${beforeMib.toFixed(0)} MiB`);
  say('memory of GoBGP', `${residentMibOf(gobgp.pid).toFixed(0)} MiB`);

  const slow = slowRouter();
  await until('the slow router', () => statusOf('slow') === 'Established');
  await after(3000); // By then, what the system buffers for it is full.
  const beside = await changes(world, count);
  say('beside a router that reads nothing: listed', seconds(beside.listed));
  say('beside a router that reads nothing: unlisted', seconds(beside.unlisted));
  await bird.ask('disable ours');
  await until('the end', async () => (await bird.protocol('ours')).routes === 0);
  say(
    'beside it: from the session to the last route',
    seconds([await converge(bird, 'ours', count)]),
  );
  say('memory beside it', `${ours.residentMib().toFixed(0)} MiB`);
  assert.equal(statusOf('slow'), 'Established');
  slow.close();
}

function statusOf(name: string): string | undefined {
  const note = JSON.parse(readFileSync(at('run/status.json'), 'utf8')) as {
    readonly neighbours: readonly { readonly name: string; readonly state: string }[];
  };
  return note.neighbours.find((one) => one.name === name)?.state;
}

function entriesOfOurs(): number {
  try {
    const note = JSON.parse(readFileSync(at('run/status.json'), 'utf8')) as {
      readonly state: string;
      readonly entries: { readonly ipv4: number };
    };
    return note.state === 'announcing' ? note.entries.ipv4 : 0;
  } catch {
    return 0; // Not written yet.
  }
}

/** GoBGP gets its routes from a speaker of ours, over a separate session. */
async function fill(prefixes: readonly Prefix[]): Promise<Speaker> {
  const speaker = await openSpeaker({
    asn: 64_513,
    routerId: FILLER,
    neighbours: [
      {
        name: 'gobgp',
        address: GOBGP,
        localAddress: FILLER,
        port: GOBGP_PORT,
        remoteAsn: 64_514,
        families: ['ipv4'],
        connectOnly: true,
        connectRetryS: 1,
        communities: [BLACKHOLE],
        limits: { prefixesMax: prefixes.length },
      },
    ],
  });
  speaker.replace(prefixes);
  await until('GoBGP to be filled', () => {
    const words = ['-u', '127.0.0.1', '-p', String(GOBGP_API_PORT), 'global', 'rib', 'summary'];
    return spawnSync('gobgp', words, { encoding: 'utf8' }).stdout.includes(
      `Destination: ${prefixes.length},`,
    );
  });
  return speaker;
}

async function run(count: number): Promise<void> {
  process.stdout.write(`${count} prefixes\n`);
  const addresses = Array.from({ length: count }, (_, index) => address(index));
  const prefixes = addresses.map((one) => parsePrefix(one)).filter((one) => one !== undefined);
  await using feed = await ListingsFeed.open(addresses);
  writeFileSync(
    at('bird.conf'),
    `router id ${BIRD};\nprotocol device { }\n${birdPeer('ours', OURS, OUR_PORT, 64_512)}${birdPeer('gobgp', GOBGP, GOBGP_PORT, 64_514)}`,
  );
  writeFileSync(
    at('gobgpd.toml'),
    `[global.config]
  as = 64514
  router-id = "${GOBGP}"
  port = ${GOBGP_PORT}
  local-address-list = ["${GOBGP}"]
${[BIRD, FILLER]
  .map(
    (peer) => `[[neighbors]]
  [neighbors.config]
    neighbor-address = "${peer}"
    peer-as = ${peer === BIRD ? 64_496 : 64_513}
  [neighbors.transport.config]
    passive-mode = true
    local-address = "${GOBGP}"
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 5
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
`,
  )
  .join('')}`,
  );
  const common = 'prefixes_max = 1000000\nfamilies = ["ipv4"]\n';
  writeFileSync(
    at('bgp.toml'),
    `[bgp]
asn = 64512
router_id = "${OURS}"
listen = ["${OURS}:${OUR_PORT}"]
[[bgp.neighbour]]
name = "bird"
address = "${BIRD}"
asn = 64496
passive = true
${common}
[[bgp.neighbour]]
name = "slow"
address = "${SLOW}"
port = ${SLOW_PORT}
asn = 64496
connect_only = true
connect_retry = 1
${common}`,
  );
  const birdProcess = started(
    'bird',
    ['-f', '-c', at('bird.conf'), '-s', at('bird.ctl')].concat('-P', at('bird.pid')),
  );
  const gobgp = started('gobgpd', [
    '-f',
    at('gobgpd.toml'),
    '--api-hosts',
    `127.0.0.1:${GOBGP_API_PORT}`,
    '-l',
    'error',
  ]);
  const ours = await start(
    ['dist/main.js', '-g', at('bgp.toml'), 'bgp', '--bgp-run-dir', at('run')].concat(
      '--bgp-node',
      feed.url,
      '--bgp-prefixes-max',
      '1000000',
      '--bgp-changes-max',
      '1000000',
    ),
    'Stop with',
  );
  try {
    const filledMs = performance.now();
    await until('all to be announced', () => entriesOfOurs() === count);
    say(
      'sentrypeer bgp: from its start until it has the feed',
      `${((performance.now() - filledMs) / 1000).toFixed(1)} s`,
    );
    await using _filler = await fill(prefixes);
    await measure({ bird: new BirdControl(at('bird.ctl')), feed, ours, gobgp }, count);
  } finally {
    await ours.stop();
    await ended(gobgp);
    await ended(birdProcess);
  }
}

process.stdout.write(`${machineLine()}\n`);
for (const count of counts) await run(count);

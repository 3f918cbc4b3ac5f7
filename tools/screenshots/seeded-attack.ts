// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * A week of attacks as a node sees them, the same for the same seed: scanners that knock, password guessers that try
 * extensions, and callers that try prefixes before expensive numbers. Addresses and numbers are reserved for
 * documentation.
 */

import {
  EVENT_BATCH_OCTETS_MIN,
  EventBatchWriter,
  EventUuids,
  type Grade,
  type Observation,
  type Transport,
} from '../../packages/event/src/index.ts';
import { silentLogger, type Clock } from '../../packages/kernel/src/index.ts';
import type { Places } from '../../packages/geo/src/index.ts';
import { Store, StoreReader } from '../../packages/store/src/index.ts';

const HOUR_US = 3_600e6;
const BATCH_EVENTS = 200;
const EVENT_OCTETS = 2_048;
const NODE_ID = '0b1c9f2a-5d6e-4f70-8192-a3b4c5d6e7f8';
const OWN_ADDRESS = '192.0.2.10';

interface Attacker {
  readonly address: string;
  readonly tool: string | undefined;
  readonly transport: Transport;
  readonly grade: Grade;
  readonly does: 'knock' | 'guess' | 'call';
  /** Start and end, in hours before the end of the week. */
  readonly fromHour: number;
  readonly toHour: number;
  readonly perHour: number;
}

/** Numbers that regulators reserve for films. */
const NUMBERS = ['442079460', '449098790', '46846500', '12025550'];
const PREFIXES = ['900', '00', '9011', '0', '810', '+', '000', '9900'];
const CALLED_ENDS = ['112', '134', '147', '158', '163', '171', '189', '196'];

const ATTACKERS: readonly Attacker[] = [
  ...knockers(),
  {
    address: '203.0.113.77',
    tool: 'friendly-scanner',
    transport: 'UDP',
    grade: 'returned',
    does: 'guess',
    fromHour: 0.6,
    toHour: 0,
    perHour: 900,
  },
  {
    address: '203.0.113.140',
    tool: 'PolycomVVX-VVX_401-UA/5.4.1',
    transport: 'UDP',
    grade: 'returned',
    does: 'guess',
    fromHour: 60,
    toHour: 48,
    perHour: 90,
  },
  {
    address: '198.51.100.23',
    tool: 'sipcli/v1.8',
    transport: 'TCP',
    grade: 'handshake',
    does: 'call',
    fromHour: 0.4,
    toHour: 0,
    perHour: 600,
  },
  {
    address: '198.51.100.24',
    tool: 'sipcli/v1.8',
    transport: 'UDP',
    grade: 'seen',
    does: 'call',
    fromHour: 30,
    toHour: 22,
    perHour: 120,
  },
  {
    address: '198.51.100.130',
    tool: 'pplsip',
    transport: 'UDP',
    grade: 'returned',
    does: 'call',
    fromHour: 150,
    toHour: 0,
    perHour: 12,
  },
];

function knockers(): readonly Attacker[] {
  return Array.from({ length: 24 }, (_, index) => ({
    address: `${index % 2 === 0 ? '203.0.113' : '198.51.100'}.${7 + index * 9}`,
    tool: [undefined, 'friendly-scanner', 'sipvicious', 'VaxSIPUserAgent/3.5'][index % 4],
    transport: index % 7 === 0 ? 'TCP' : 'UDP',
    grade: index % 7 === 0 ? 'handshake' : 'seen',
    does: 'knock',
    fromHour: 168 - index * 5,
    toHour: index % 3 === 0 ? 0 : 80 - index * 3,
    perHour: 1 + (index % 4),
  }));
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Fills a new database. @param places Where the attackers are. @param endEpochUs Wall-clock microseconds of the newest
 * event. @returns Number of events.
 */
export function seedAttack(path: string, places: Places, endEpochUs: number, seed = 1): number {
  const random = randomOf(seed);
  const observations = ATTACKERS.flatMap((attacker) => eventsOf(attacker, endEpochUs, random));
  observations.sort((a, b) => a.eventEpochUs - b.eventEpochUs);
  let nowUs = endEpochUs;
  const clock: Clock = { nowMs: () => nowUs / 1000, epochUs: () => nowUs };
  using store = Store.open({ logger: silentLogger, clock }, { path });
  using reader = StoreReader.open(path);
  const uuids = new EventUuids({
    random: {
      fill: (octets) => {
        octets.set(octets.map(() => random() * 256));
        return octets;
      },
    },
  });
  for (let first = 0; first < observations.length; first += BATCH_EVENTS) {
    const some = observations.slice(first, first + BATCH_EVENTS);
    const size = EVENT_BATCH_OCTETS_MIN + some.length * EVENT_OCTETS;
    const writer = new EventBatchWriter(new Uint8Array(size), NODE_ID, 'responsive');
    for (const observation of some) {
      nowUs = observation.eventEpochUs;
      writer.addEvent(uuids.next(nowUs), observation);
    }
    store.append([writer.finish()]);
    while (store.maintain());
    place(store, reader, places);
  }
  return observations.length;
}

/** Counts events for their countries and networks, as a running node does all the time. */
function place(store: Store, reader: StoreReader, places: Places): void {
  for (;;) {
    const { addresses, progress } = reader.places.addressesToPlace(places.source, BATCH_EVENTS);
    if (progress === undefined) return;
    const placed = addresses.map(({ totalId, address }) => {
      const { country = '', network, networkName = '' } = places.placeOf(address);
      return { totalId, country, network, networkName };
    });
    store.place(placed, progress);
  }
}

function eventsOf(
  attacker: Attacker,
  endEpochUs: number,
  random: () => number,
): readonly Observation[] {
  const { fromHour, toHour, perHour } = attacker;
  const count = Math.round((fromHour - toHour) * perHour);
  return Array.from({ length: count }, (_, index) => {
    const hour = fromHour - ((index + random()) * (fromHour - toHour)) / count;
    return observationOf(attacker, index, Math.floor(endEpochUs - hour * HOUR_US), random);
  });
}

function observationOf(
  attacker: Attacker,
  index: number,
  eventEpochUs: number,
  random: () => number,
): Observation {
  const { address, does, grade, tool, transport } = attacker;
  const method = { knock: 'OPTIONS', guess: 'REGISTER', call: 'INVITE' }[does];
  const user = userOf(does, index, random);
  const uri = `sip:${user}@${OWN_ADDRESS}`;
  const message = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${address}:5060;branch=z9hG4bK-${index}`,
    `From: <sip:${user}@${OWN_ADDRESS}>;tag=${index}`,
    `To: <${uri}>`,
    `Call-ID: ${index}@${address}`,
    `CSeq: 1 ${method}`,
    ...(tool === undefined ? [] : [`User-Agent: ${tool}`]),
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  return {
    eventEpochUs,
    collectedMethod: 'responsive',
    transportType: transport,
    grade,
    messageKind: 'request',
    sourceIp: address,
    sourcePort: 5_060 + (index % 20),
    destinationIp: OWN_ADDRESS,
    destinationPort: 5_060,
    calledNumber: does === 'knock' ? undefined : user,
    calledNumberSource: does === 'knock' ? 'none' : 'request-uri',
    sipMethod: method,
    userAgent: tool,
    requestUri: uri,
    toUri: uri,
    toUser: user,
    fromUri: uri,
    fromUser: user,
    anomalies: [],
    details: undefined,
    sipMessage: new TextEncoder().encode(message),
  };
}

function userOf(does: Attacker['does'], index: number, random: () => number): string {
  if (does === 'knock') return '100';
  if (does === 'guess') return String(100 + (index % 40));
  const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)];
  return `${pick(PREFIXES)}${pick(NUMBERS)}${pick(CALLED_ENDS)}`;
}

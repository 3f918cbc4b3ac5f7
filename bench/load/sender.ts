// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Sends SIP requests over UDP from many loopback addresses and prints how many it sent, as JSON.
 *
 *   node bench/load/sender.ts --port 5060 --seconds 10 [--rate 40000] [--sources 1000] [--distinct]
 *
 * Without --rate it sends as fast as it can. With --distinct no two requests call the same number; without
 * it each source calls one number again and again, as floods do: only Via, Call-ID and CSeq differ.
 */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '5060' },
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '0' },
    sources: { type: 'string', default: '1000' },
    distinct: { type: 'boolean', default: false },
    'first-number': { type: 'string', default: '0' },
  },
});
const port = Number(values.port);
const seconds = Number(values.seconds);
const rate = Number(values.rate);
const sourcesCount = Number(values.sources);

/** Requests made ready; one is written anew only after as many others were sent. */
const RING_SIZE = 8192;
const CALL_ID_DIGITS = 12;
const NUMBER_DIGITS = 10;

interface Request {
  readonly octets: Buffer;
  readonly callIdAt: number;
  readonly branchAt: number;
  readonly numberAt: readonly number[];
}

function newRequest(): Request {
  const number = '0'.repeat(NUMBER_DIGITS);
  const digits = '0'.repeat(CALL_ID_DIGITS);
  const text = [
    `OPTIONS sip:00${number}@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:5061;branch=z9hG4bK-${digits};rport`,
    'Max-Forwards: 70',
    `To: "sipvicious"<sip:00${number}@1.1.1.1>`,
    'From: "sipvicious"<sip:100@1.1.1.1>;tag=37663030303030313133633401383435343730393436',
    'User-Agent: friendly-scanner',
    `Call-ID: 319495677578${digits}`,
    'Contact: sip:100@127.0.0.1:5061',
    'CSeq: 1 OPTIONS',
    'Accept: application/sdp',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  const first = text.indexOf(`00${number}`) + 2;
  return {
    octets: Buffer.from(text, 'latin1'),
    callIdAt: text.indexOf('Call-ID: ') + 21,
    branchAt: text.indexOf('z9hG4bK-') + 8,
    numberAt: [first, text.indexOf(`00${number}`, first) + 2],
  };
}

function writeDigits(octets: Buffer, at: number, digits: number, value: number): void {
  let rest = value;
  for (let index = at + digits - 1; index >= at; index -= 1) {
    octets[index] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

async function openSources(): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (let index = 0; index < sourcesCount; index += 1) {
    const socket = createSocket('udp4');
    socket.on('error', () => undefined); // Nobody listens (yet): the count of what arrived will tell.
    socket.bind(0, `127.1.${Math.floor(index / 250)}.${(index % 250) + 1}`);
    await once(socket, 'listening');
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    sockets.push(socket);
  }
  return sockets;
}

const sockets = await openSources();
const ring = Array.from({ length: RING_SIZE }, newRequest);
const firstNumber = Number(values['first-number']);
let sentCount = 0;

function sendOne(): void {
  const request = ring[sentCount % RING_SIZE];
  const socket = sockets[sentCount % sourcesCount];
  if (request === undefined || socket === undefined) return;
  const number = values.distinct ? firstNumber + sentCount : sentCount % sourcesCount;
  writeDigits(request.octets, request.callIdAt, CALL_ID_DIGITS, sentCount);
  writeDigits(request.octets, request.branchAt, CALL_ID_DIGITS, sentCount);
  for (const at of request.numberAt) writeDigits(request.octets, at, NUMBER_DIGITS, number);
  socket.send(request.octets);
  sentCount += 1;
}

const startMs = performance.now();
const endMs = startMs + seconds * 1000;
for (let nowMs = startMs; nowMs < endMs; nowMs = performance.now()) {
  const dueCount = rate === 0 ? sentCount + 64 : Math.floor(((nowMs - startMs) * rate) / 1000);
  while (sentCount < dueCount) sendOne();
  if (rate === 0) await new Promise((resolve) => setImmediate(resolve));
  else await new Promise((resolve) => setTimeout(resolve, 1));
}
const tookSeconds = (performance.now() - startMs) / 1000;
console.log(
  JSON.stringify({ sentCount, tookSeconds, perSecond: Math.round(sentCount / tookSeconds) }),
);
process.exit();

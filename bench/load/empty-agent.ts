// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The baseline for the SIP agent: a socket that returns the headers of every INVITE, with another first line. */

import { createSocket } from 'node:dgram';

const LINE = Buffer.from('SIP/2.0 302 Moved Temporarily');

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 }, (octets, from) => {
  if (octets[0] !== 0x49) return; // 'I': ACKs get no answer.
  const rest = octets.subarray(octets.indexOf('\r\n'));
  socket.send([LINE, rest], from.port, from.address);
});
socket.bind(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('Stop \n'));

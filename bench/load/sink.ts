// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The baseline: a Node datagram socket that counts and does nothing else. Prints the count on SIGTERM. */

import { createSocket } from 'node:dgram';

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
let count = 0;
socket.on('message', () => (count += 1));
socket.bind(Number(process.argv[2]), '127.0.0.1', () => console.log('listening'));
process.on('SIGTERM', () => {
  console.log(JSON.stringify({ count }));
  process.exit();
});

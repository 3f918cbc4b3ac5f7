// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { readAllMessages } from '../../packages/sip/test/corpus.ts';
import { DaemonProcess, until } from './daemon-process.ts';
import { assertAnswers, sipRequest } from './sip-peers.ts';

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

test('two daemons that get each other as forged sources fall silent', async () => {
  await using first = await DaemonProcess.start(['-r', '--threads=1', '--fold-window=0']);
  await using second = await DaemonProcess.start(['-r', '--threads=1', '--fold-window=0']);
  // To the first daemon this socket is the second one, and vice versa.
  const asSecond = await openSocket();
  const asFirst = await openSocket();
  using open = new DisposableStack();
  open.defer(() => asSecond.close());
  open.defer(() => asFirst.close());
  let fromFirst = 0;
  let fromSecond = 0;
  asSecond.on('message', (octets) => {
    fromFirst += 1;
    asFirst.send(octets, second.ports.udp, '127.0.0.1');
  });
  asFirst.on('message', (octets) => {
    fromSecond += 1;
    asSecond.send(octets, first.ports.udp, '127.0.0.1');
  });

  const requests = ['OPTIONS', 'REGISTER', 'INVITE', 'BYE', 'CANCEL'].map((method) =>
    Buffer.from(sipRequest({ method, callId: method, branch: method })),
  );
  const kicks = [...requests, ...readAllMessages()];
  for (const [index, kick] of kicks.entries()) {
    asSecond.send(kick, first.ports.udp, '127.0.0.1');
    if (index % 10 === 0) await first.recorded(index);
  }
  await first.recorded(kicks.length);
  await until('the replies to come through', () => second.accounted() >= fromFirst);
  assert.ok(fromFirst >= requests.length - 1, `the first answered ${fromFirst} times`);
  assert.equal(fromSecond, 0);
  assert.equal(first.accounted(), kicks.length);
  assert.equal(
    second.number(`SELECT count(*) FROM honey WHERE message_kind <> 'response'`),
    0,
    'only answers went round',
  );
  await assertAnswers(second);
});

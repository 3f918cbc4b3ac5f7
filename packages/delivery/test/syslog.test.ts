// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Syslog, type SyslogTarget } from '../src/index.ts';
import { MemoryEventLog, NODE_ID } from './memory-event-log.ts';

let folder = '';
let command = '';
let output = '';
let log = new MemoryEventLog();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syslog-'));
  command = join(folder, 'logger');
  output = join(folder, 'out');
  log = new MemoryEventLog();
});
afterEach(() => rm(folder, { recursive: true }));

const open = (target: SyslogTarget, options = {}): Promise<Syslog> =>
  Syslog.open(log.ports, {
    target,
    nodeId: NODE_ID,
    pid: 77,
    hostname: 'host',
    settleMs: 1,
    retryMsMin: 2,
    ...options,
  });

/** A program in place of `logger`. */
const install = (script: string): Promise<void> =>
  writeFile(command, `#!/bin/sh\n${script}\n`, { mode: 0o755 });

const appendNumbered = (count: number): void => {
  for (let index = 0; index < count; index += 1) {
    log.append(1, { userAgent: `n${log.events.length + 1}.` });
  }
};

/** The numbers of the lines in the order of their first appearance. */
const numbersIn = (text: string): readonly number[] => [
  ...new Set([...text.matchAll(/Agent: n(\d+)\./g)].map((match) => Number(match[1]))),
];
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n + 1);

test('Syslog feeds logger a line an event under our tag', async () => {
  await install(`echo "$@" >> ${folder}/args; cat >> ${output}`);
  await using syslog = await open({ kind: 'local', command, socketPath: '/a/socket' });
  appendNumbered(100);
  syslog.wake();
  await log.settled('syslog');
  assert.deepEqual(numbersIn(readFileSync(output, 'utf8')), upTo(100));
  assert.equal(
    readFileSync(join(folder, 'args'), 'utf8').split('\n')[1],
    '-t sentrypeer[77] -p user.notice -u /a/socket',
  );
});

test('Syslog asks logger of util-linux to complain', async () => {
  await install(
    `case "$1" in --version) echo logger from util-linux;; *) echo "$@" >> ${output}; cat;; esac`,
  );
  await using syslog = await open({ kind: 'local', command });
  log.append(1);
  syslog.wake();
  await log.settled('syslog');
  assert.equal(
    readFileSync(output, 'utf8'),
    '-t sentrypeer[77] -p user.notice --socket-errors=on\n',
  );
});

test('Syslog passes over events of other nodes', async () => {
  await install(`cat >> ${output}`);
  await using syslog = await open({ kind: 'local', command });
  log.append(3, { createdByNodeId: 'another' });
  appendNumbered(1);
  log.append(1, { createdByNodeId: 'another' });
  log.append(1, { isHearsay: true }); // Under any name.
  syslog.wake();
  await log.settled('syslog');
  assert.equal(readFileSync(output, 'utf8').split('\n').length, 2);
});

test('Syslog passes over events below the grade, and those of 4.x, which have none', async () => {
  await install(`cat >> ${output}`);
  await using syslog = await open(
    { kind: 'local', command, socketPath: '/a/socket' },
    { grade: 'returned' },
  );
  for (const [index, grade] of (['seen', 'returned', undefined, 'handshake'] as const).entries()) {
    log.append(1, { grade, userAgent: `n${index + 1}.` });
  }
  syslog.wake();
  await syslog.close();
  assert.deepEqual(numbersIn(readFileSync(output, 'utf8')), [2, 4]);
});

test('Syslog says once that logger is missing and goes on when it is there', async () => {
  await using syslog = await open({ kind: 'local', command });
  appendNumbered(50);
  syslog.wake();
  await log.logged('delivery_failed');
  assert.equal(log.cursors.get('syslog'), 0);
  await install(`cat >> ${output}`);
  await log.logged('delivery_resumed');
  await log.settled('syslog');
  assert.deepEqual(numbersIn(readFileSync(output, 'utf8')), upTo(50));
  assert.equal(log.count('delivery_failed'), 1);
  assert.equal(log.messages[0]?.fields['code'], 'syslog_failed');
});

test('Syslog loses nothing when logger dies amid its input', async () => {
  // The first one takes three lines and is killed; its successors take everything.
  await install(
    `[ -e ${folder}/died ] && exec cat >> ${output}
case "$1" in --version) exit;; esac
for i in 1 2 3; do read -r line; echo "$line" >> ${output}; done; touch ${folder}/died; kill -9 $$`,
  );
  await using syslog = await open({ kind: 'local', command });
  appendNumbered(2000);
  syslog.wake();
  await log.settled('syslog');
  assert.ok(existsSync(join(folder, 'died')));
  assert.deepEqual(numbersIn(readFileSync(output, 'utf8')), upTo(2000));
});

test('Syslog takes a complaint of logger for a line that was not taken', async () => {
  await install(
    `case "$1" in --version) exit;; esac
[ -e ${folder}/complained ] && exec cat >> ${output}
touch ${folder}/complained; cat > /dev/null; echo "logger: send message failed" >&2`,
  );
  await using syslog = await open({ kind: 'local', command });
  appendNumbered(10);
  syslog.wake();
  await log.settled('syslog');
  assert.deepEqual(numbersIn(readFileSync(output, 'utf8')), upTo(10));
  assert.equal(log.messages[0]?.fields['message'], 'logger: send message failed');
});

test('Syslog close() ends with a logger that hangs, and ends it', async () => {
  await install(`case "$1" in --version) exit;; esac\necho $$ > ${output}; exec sleep 600`);
  const syslog = await open({ kind: 'local', command }, { settleMs: 60_000 });
  appendNumbered(5000); // More than a pipe holds.
  await syslog.close();
  assert.equal(log.cursors.get('syslog'), 0);
  assert.equal(log.count('delivery_left_for_next_start'), 1);
  const pid = Number(readFileSync(output, 'utf8'));
  const deadline = AbortSignal.timeout(5_000);
  while (isRunning(pid)) {
    deadline.throwIfAborted();
    await nextTurn();
  }
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // It is gone and was waited for.
  }
}

/** A TCP syslog server that splits by octet count. */
class Collector implements AsyncDisposable {
  text = '';
  /** Connections to reset, and their text to forget, when their client has ended. */
  resetsCount = 0;
  readonly sockets = new Set<Socket>();
  readonly server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    this.sockets.add(socket);
    socket.setEncoding('utf8').on('data', (data: string) => (this.text += data));
    socket.on('end', () => this.#end(socket));
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
  });

  async listen(port: number): Promise<number> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends like a killed daemon: what it did not read is lost. */
  async kill(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #end(socket: Socket): void {
    if (this.resetsCount === 0) {
      socket.end();
      return;
    }
    this.resetsCount -= 1;
    this.text = '';
    socket.resetAndDestroy();
  }

  frames(): readonly string[] {
    const frames: string[] = [];
    for (let at = 0; at < this.text.length;) {
      const blank = this.text.indexOf(' ', at);
      const size = Number(this.text.slice(at, blank));
      assert.ok(size > 0, this.text.slice(at, at + 20));
      at = blank + 1 + size;
      frames.push(this.text.slice(blank + 1, at));
    }
    return frames;
  }
}

test('Syslog counts octets over TCP', async () => {
  await using collector = new Collector();
  const port = await collector.listen(0);
  const syslog = await open({ kind: 'tcp', host: '127.0.0.1', port });
  appendNumbered(200);
  syslog.wake();
  await log.settled('syslog');
  await syslog.close();
  assert.equal(collector.frames().length, 200);
  assert.deepEqual(numbersIn(collector.text), upTo(200));
  const [first = ''] = collector.frames();
  const [priority, time = '', ...rest] = first.split(' ');
  assert.equal(priority, '<13>1');
  // In any time zone of this machine.
  assert.equal(new Date(time).toISOString(), '2026-11-23T10:00:01.123Z');
  assert.deepEqual(rest.slice(0, 2), ['host', 'sentrypeer']);
});

test('Syslog loses nothing over TCP when the server is killed and comes back', async () => {
  await using first = new Collector();
  const port = await first.listen(0);
  await using syslog = await open({ kind: 'tcp', host: 'localhost', port }, { settleMs: 50 });
  appendNumbered(300);
  syslog.wake();
  await once(first.server, 'connection');
  await first.kill();
  await log.logged('delivery_failed');
  await using second = new Collector();
  await second.listen(port);
  await log.settled('syslog');
  assert.deepEqual(numbersIn(second.text), upTo(300));
});

test('Syslog loses nothing over TCP when the server resets instead of ending', async () => {
  await using collector = new Collector();
  const port = await collector.listen(0);
  collector.resetsCount = 1;
  await using syslog = await open({ kind: 'tcp', host: '127.0.0.1', port });
  appendNumbered(30);
  syslog.wake();
  await log.settled('syslog');
  assert.deepEqual(numbersIn(collector.text), upTo(30));
});

test('Syslog sends a datagram an event over UDP, again when the port was refused', async () => {
  for (const count of [1, 20]) {
    log = new MemoryEventLog();
    const probe = createSocket('udp4').bind(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await using syslog = await open({ kind: 'udp', host: '127.0.0.1', port }, { settleMs: 30 });
    appendNumbered(count);
    syslog.wake();
    await log.logged('delivery_failed');
    const server = createSocket('udp4').bind(port, '127.0.0.1').unref();
    let text = '';
    server.on('message', (octets) => (text += `${octets.toString()}\n`));
    await log.settled('syslog');
    assert.deepEqual(numbersIn(text), upTo(count));
    server.close();
  }
});

test('Syslog over UDP names the server that it cannot reach, and keeps no socket of its attempts', async () => {
  const sockets = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'UDPWRAP').length;
  const before = sockets();
  // Nobody may send to the first without asking for it; the second is never a name (RFC 6761).
  for (const host of ['255.255.255.255', 'server.invalid']) {
    log = new MemoryEventLog();
    await using syslog = await open({ kind: 'udp', host, port: 514 });
    appendNumbered(1);
    syslog.wake();
    await log.logged('delivery_failed');
    const { trouble = '' } = syslog;
    assert.ok(trouble.startsWith(`syslog server ${host} port 514: `), trouble);
  }
  await nextTurn();
  assert.equal(sockets(), before);
});

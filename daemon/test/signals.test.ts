// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { Signals, type SignalHost } from '../src/signals.ts';

/** A process that only notes what is done to it. */
class Host implements SignalHost {
  readonly pid = 7;
  readonly platform: NodeJS.Platform;
  readonly done: string[] = [];
  readonly #events = new EventEmitter();

  constructor(platform: NodeJS.Platform) {
    this.platform = platform;
  }

  on(name: NodeJS.Signals, handler: () => void): void {
    this.#events.on(name, handler);
  }

  off(name: NodeJS.Signals, handler: () => void): void {
    this.#events.off(name, handler);
  }

  kill(pid: number, name: NodeJS.Signals): void {
    this.done.push(`kill ${pid} ${name}`);
  }

  exit(status: number): void {
    this.done.push(`exit ${status}`);
  }

  /** @returns Whether anybody handled it; otherwise the system's default would end the process. */
  raise(name: NodeJS.Signals): boolean {
    return this.#events.emit(name);
  }
}

test('Signals: a SIGHUP that comes before there is anything to reload is kept', () => {
  const host = new Host('linux');
  const signals = new Signals(host);
  assert.ok(host.raise('SIGHUP'));
  let count = 0;
  signals.onReload(() => (count += 1));
  assert.equal(count, 1);
  host.raise('SIGHUP');
  assert.equal(count, 2);
  assert.deepEqual(host.done, []);
});

test('Signals: SIGUSR1 and SIGUSR2 are heard, also by a command', () => {
  const host = new Host('linux');
  const signals = new Signals(host);
  signals.release();
  assert.ok(host.raise('SIGUSR1'));
  assert.ok(host.raise('SIGUSR2'));
  assert.ok(!host.raise('SIGTERM'));
  assert.deepEqual(host.done, []);
});

test('Signals: the first signal stops, the second ends at once', async () => {
  const host = new Host('linux');
  const signals = new Signals(host);
  host.raise('SIGHUP');
  host.raise('SIGTERM');
  await signals.stopped;
  assert.deepEqual(host.done, []);
  host.raise('SIGINT');
  assert.deepEqual(host.done, ['exit 130']);
});

test('Signals: what would end the program without storing anything stops it in order', async () => {
  for (const name of ['SIGQUIT', 'SIGALRM', 'SIGVTALRM', 'SIGXCPU', 'SIGPWR', 'SIGIO'] as const) {
    const host = new Host('linux');
    const signals = new Signals(host);
    assert.ok(host.raise(name), name);
    await signals.stopped;
    assert.deepEqual(host.done, []);
    host.raise('SIGTERM');
    assert.deepEqual(host.done, ['exit 130']);
  }
});

test('Signals: a signal to the whole group that comes twice is one', async () => {
  const host = new Host('linux');
  let nowMs = 1000;
  const signals = new Signals(host, () => nowMs);
  host.raise('SIGTERM');
  nowMs += 20;
  host.raise('SIGTERM');
  await signals.stopped;
  assert.deepEqual(host.done, []);
  nowMs += 400;
  host.raise('SIGTERM');
  assert.deepEqual(host.done, ['exit 130']);
});

test('Signals: a command that was told to end before it could begin ends so', () => {
  const host = new Host('linux');
  const signals = new Signals(host);
  host.raise('SIGINT');
  signals.release();
  assert.deepEqual(host.done, ['kill 7 SIGINT']);
});

test('Signals: on Windows a closed console and Ctrl-Break stop in order', async () => {
  for (const name of ['SIGHUP', 'SIGBREAK', 'SIGINT', 'SIGTERM'] as const) {
    const host = new Host('win32');
    const signals = new Signals(host);
    signals.onReload(() => assert.fail('nothing to reload there'));
    assert.ok(host.raise(name), name);
    await signals.stopped;
    assert.ok(!host.raise('SIGUSR1'), 'Windows has no such signal');
  }
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { formatPrefix, parsePrefix, type Prefix } from '@sentrypeer/ip';
import { silentLogger, type Logger } from '@sentrypeer/kernel';
import type { Grounds, SparedNetwork } from '@sentrypeer/listings';
import { Announcer, type AnnouncerOptions } from '../src/announcer.ts';
import { LOOK_MS, SPARED_MS } from '../src/limits.ts';

const HOUR_MS = 3_600_000;
const START_EPOCH_MS = Date.UTC(2026, 10, 28);

/** An announcer whose routes are kept in memory, and whose time stands still until it is moved. */
class Trial implements AsyncDisposable {
  readonly there = new Set<string>();
  readonly said: string[] = [];
  nowMs = 0;
  spared: readonly SparedNetwork[] = [];
  restarts = 0;
  calls = 0;
  readonly announcer: Announcer;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  constructor(options: Partial<AnnouncerOptions> = {}) {
    const say = (event: string): number => this.said.push(event);
    const logger: Logger = { ...silentLogger, warn: say, error: say };
    const each = (prefixes: readonly Prefix[], run: (text: string) => unknown): void => {
      this.calls += 1;
      for (const one of prefixes) run(formatPrefix(one));
    };
    this.announcer = new Announcer(
      {
        clock: {
          nowMs: () => this.nowMs,
          epochUs: () => (START_EPOCH_MS + this.nowMs) * 1000,
        },
        logger,
        routes: {
          add: (prefixes) => each(prefixes, (text) => this.there.add(text)),
          remove: (prefixes) => each(prefixes, (text) => this.there.delete(text)),
          replace: (prefixes) => {
            this.there.clear();
            each(prefixes, (text) => this.there.add(text));
          },
        },
        spared: () => this.spared,
        restartFeed: () => (this.restarts += 1),
      },
      { prefixesMax: 100, additionsPerMinuteMax: 60, gatherMs: 0, ...options },
    );
    this.#run = this.announcer.run(this.#stop.signal);
  }

  get untilEpochMs(): number {
    return START_EPOCH_MS + this.nowMs + HOUR_MS;
  }

  async snapshot(...values: readonly string[]): Promise<void> {
    this.announcer.begin();
    for (const value of values) this.announcer.entry(value, this.untilEpochMs, 'returned');
    this.announcer.end();
    await settled();
  }

  async list(value: string, grounds: Grounds = 'returned'): Promise<void> {
    this.announcer.change(value, this.untilEpochMs, grounds);
    await settled();
  }

  async unlist(value: string): Promise<void> {
    this.announcer.change(value, undefined, 'seen');
    await settled();
  }

  /** Lets time pass; the announcer is woken by a change that concerns nobody. */
  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    await this.list('45.99.99.99');
    await this.unlist('45.99.99.99');
  }

  get routes(): readonly string[] {
    return [...this.there].toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }
}

async function settled(): Promise<void> {
  for (let index = 0; index < 5; index += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await turn();
  }
}

function network(text: string, why: string): SparedNetwork {
  const prefix = parsePrefix(text);
  assert.ok(prefix !== undefined);
  return { prefix, why };
}

test('Announcer announces a snapshot when it is complete, then each change', async () => {
  await using trial = new Trial();
  trial.announcer.begin();
  trial.announcer.entry('45.1.2.3', trial.untilEpochMs, 'handshake');
  await settled();
  assert.deepEqual([trial.routes, trial.announcer.status().state], [[], 'starting']);
  trial.announcer.end();
  await settled();
  assert.deepEqual([trial.routes, trial.announcer.status().state], [['45.1.2.3'], 'announcing']);

  await trial.list('2a00:1:2:3::/64');
  await trial.list('2a00:1:2:4::5');
  await trial.unlist('45.1.2.3');
  assert.deepEqual(trial.routes, ['2a00:1:2:3::/64', '2a00:1:2:4::5']);
  assert.deepEqual(trial.announcer.status().entries, { ipv4: 0, ipv6: 2 });

  // A snapshot after a loss withdraws what ended meanwhile.
  await trial.snapshot('46.1.1.1');
  assert.deepEqual(trial.routes, ['46.1.1.1']);
});

test('Announcer tells the routers nothing where an entry only lasts longer', async () => {
  await using trial = new Trial();
  await trial.snapshot('45.1.2.3');
  const { calls } = trial;
  trial.nowMs += 60_000;
  await trial.list('45.1.2.3');
  assert.equal(trial.calls, calls);
});

test('Announcer withdraws what ends, also when the feed is gone', async () => {
  await using trial = new Trial();
  await trial.snapshot('45.1.2.3');
  trial.nowMs += HOUR_MS;
  // Without news, an entry may last an hour longer.
  await trial.pass(HOUR_MS - 1 - LOOK_MS);
  assert.deepEqual(trial.routes, ['45.1.2.3']);
  await trial.pass(2 * LOOK_MS);
  assert.deepEqual(trial.routes, []);
});

test('Announcer never announces what nobody proved, whatever the node lists', async () => {
  await using trial = new Trial();
  await trial.snapshot();
  await trial.list('45.1.2.3', 'seen');
  assert.deepEqual(trial.routes, []);
  assert.match(
    trial.announcer.status().alarms.join(),
    /lists unproved addresses, which are not announced: 1/,
  );
  assert.ok(trial.said.includes('bgp_unproved_listings'));
  await trial.list('45.1.2.4', 'operator');
  await trial.list('45.1.2.4', 'seen');
  assert.deepEqual(trial.routes, [], 'what is proved no more is withdrawn');
});

test('Announcer never announces networks of IPv4, wide ones of IPv6, special addresses, or what is spared', async () => {
  await using trial = new Trial();
  trial.spared = [
    network('45.1.2.3', 'it is a gateway'),
    network('46.0.0.0/8', 'it is named by --bgp-spare'),
    network('2a00:1:2:3::5', 'it is a neighbour'),
  ];
  const never = [
    '45.1.2.3',
    '46.7.8.9',
    '47.1.2.0/24',
    '2a00:1:2:3::/64',
    '2a00:1:2::/48',
    '2a00:2::/40',
    '10.1.2.3',
    '127.0.0.1',
    '192.0.2.1',
    '224.0.0.1',
    'fe80::1',
    '2001:db8::1',
  ];
  await trial.snapshot(...never, '45.1.2.4');
  assert.deepEqual(trial.routes, ['45.1.2.4']);
  const { leftOut, leftOutCount } = trial.announcer.status();
  assert.equal(leftOutCount, never.length);
  const why = new Map(leftOut.map((one) => [one.address, one.why]));
  assert.equal(why.get('45.1.2.3'), 'it is a gateway');
  assert.equal(why.get('46.7.8.9'), 'it is named by --bgp-spare');
  assert.match(why.get('47.1.2.0/24') ?? '', /only single addresses/);
  assert.match(why.get('2a00:1:2:3::/64') ?? '', /in it lies something that is spared/);
  assert.equal(why.get('2a00:2::/40'), 'it is wider than a /48');

  // An address that becomes spared is withdrawn within a second.
  trial.spared = [...trial.spared, network('45.1.2.4', 'it is on the allowlist')];
  await trial.pass(SPARED_MS);
  assert.deepEqual(trial.routes, []);
});

test('Announcer holds back new prefixes beyond what a minute may bring, and never a withdrawal', async () => {
  await using trial = new Trial({ additionsPerMinuteMax: 2 });
  await trial.snapshot('45.1.0.1');
  for (const value of ['45.1.0.2', '45.1.0.3', '45.1.0.4']) await trial.list(value);
  assert.deepEqual(trial.routes, ['45.1.0.1', '45.1.0.2', '45.1.0.3']);
  assert.match(
    trial.announcer.status().alarms.join(),
    /new prefixes that wait: 1; --bgp-changes-max allows \d+ a minute/,
  );
  assert.ok(trial.said.includes('bgp_too_many_changes'));
  await trial.unlist('45.1.0.1');
  assert.deepEqual(trial.routes, ['45.1.0.2', '45.1.0.3']);
  await trial.pass(60_000);
  assert.ok(trial.routes.includes('45.1.0.4'));
  assert.deepEqual(trial.announcer.status().alarms, []);
});

test('Announcer leaves out what is beyond its bound, and asks again when there is room', async () => {
  await using trial = new Trial({ prefixesMax: 3 });
  await trial.snapshot('45.1.0.1', '45.1.0.2', '45.1.0.3', '45.1.0.4');
  assert.equal(trial.routes.length, 3);
  assert.match(trial.announcer.status().alarms.join(), /more is listed than --bgp-prefixes-max, 3/);
  assert.ok(trial.said.includes('bgp_too_many_prefixes'));
  for (const value of ['45.1.0.1', '45.1.0.2']) await trial.unlist(value);
  await trial.pass(LOOK_MS);
  assert.ok(trial.restarts > 0);
});

test('Announcer takes all back when an operator says so, and announces again when told to', async () => {
  await using trial = new Trial();
  await trial.snapshot('45.1.2.3');
  trial.announcer.flush();
  assert.deepEqual([trial.routes, trial.announcer.status().state], [[], 'withdrawn']);
  await trial.list('45.1.2.4');
  await trial.snapshot('45.1.2.5');
  assert.deepEqual(trial.routes, []);
  trial.announcer.resume();
  await settled();
  assert.deepEqual([trial.routes, trial.announcer.status().state], [['45.1.2.5'], 'announcing']);
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Decisions as bouncers of CrowdSec pull them. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Clock } from '@sentrypeer/kernel';
import type { HttpApi } from '../src/index.ts';
import { goDuration } from '../src/lapi/decision.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { MemoryFeed, UNTIL_US } from './memory-feed.ts';
import { openApi } from './ports.ts';

const KEY = 'sentrypeer_bouncer';
/** An hour before the entries end. */
const clock = { ms: 0, nowMs: () => clock.ms, epochUs: () => UNTIL_US - 3_600_000_000 };

let feed = new MemoryFeed();
let api: HttpApi;

beforeEach(async () => {
  feed = new MemoryFeed().announce('203.0.113.5').announce('2001:db8:1:2::/64');
  clock.ms = 0;
  api = await open();
});
afterEach(() => api.close());

function open(): Promise<HttpApi> {
  const evidence = new MemoryEvidence();
  evidence.keys.set(KEY, { name: 'bouncer-1', role: 'read' });
  evidence.keys.set('writer', { name: 'writer', role: 'write' });
  return openApi({ feed, evidence, clock: clock satisfies Clock });
}

interface Decisions {
  readonly new: readonly { readonly value: string; readonly duration: string }[];
  readonly deleted: readonly { readonly value: string; readonly duration: string }[];
}

interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(path: string, more: Asked = {}): Promise<Response> {
  const { host, port } = api.address;
  return fetch(`http://${host}:${port}${path}`, {
    ...more,
    headers: {
      'x-api-key': KEY,
      'user-agent': 'crowdsec-firewall-bouncer/v0.0.25',
      ...more.headers,
    },
  });
}

/** Values that a pull tells as new, and as deleted. */
async function pull(query = ''): Promise<readonly [readonly string[], readonly string[]]> {
  const response = await ask(`/v1/decisions/stream${query}`);
  assert.equal(response.status, 200);
  const told = (await response.json()) as Decisions;
  return [told.new.map(({ value }) => value), told.deleted.map(({ value }) => value)];
}

function unlist(value: string): void {
  feed.listed.splice(
    feed.listed.findIndex((one) => one.value === value),
    1,
  );
  feed.tell(9, value, 'unlisted');
}

test('a start tells all decisions in the form of the Local API', async () => {
  const response = await ask('/v1/decisions/stream?startup=true');
  assert.equal(response.headers.get('content-type'), 'application/json');
  const told = (await response.json()) as Decisions;
  // Entries that a bouncer left in the kernel are replaced.
  assert.deepEqual(
    told.deleted.map(({ value, duration }) => [value, duration]),
    [
      ['203.0.113.5', '-1s'],
      ['2001:db8:1:2::/64', '-1s'],
    ],
  );
  assert.deepEqual(told.new, [
    {
      id: 101,
      origin: 'sentrypeer',
      scenario: 'sentrypeer/listed',
      scope: 'Ip',
      type: 'ban',
      value: '203.0.113.5',
      duration: '2h0m0s', // An entry may last an hour longer than was told.
    },
    {
      id: 102,
      origin: 'sentrypeer',
      scenario: 'sentrypeer/listed',
      scope: 'Range',
      type: 'ban',
      value: '2001:db8:1:2::/64',
      duration: '2h0m0s',
    },
  ]);
});

test('later pulls tell what changed, and each change twice: nobody says whether an answer arrived', async () => {
  await pull('?startup=true');
  assert.deepEqual(await pull(), [[], []]);
  feed.announce('203.0.113.6');
  unlist('203.0.113.5');
  const change = [['203.0.113.6'], ['203.0.113.6', '203.0.113.5']];
  assert.deepEqual(await pull(), change);
  assert.deepEqual(await pull(), change);
  assert.deepEqual(await pull(), [[], []]);
});

test('HEAD, and a pull with another key, from another program or for something else, move no position', async () => {
  await pull('?startup=true');
  unlist('203.0.113.5');
  assert.equal((await ask('/v1/decisions/stream', { method: 'HEAD' })).status, 200);
  await pull('?startup=true&scopes=ip');
  await (
    await ask('/v1/decisions/stream?startup=true', { headers: { 'user-agent': 'other' } })
  ).text();
  assert.deepEqual(await pull(), [[], ['203.0.113.5']]);
});

test('a bouncer that we do not know any more is told all that is in force and all that may have ended', async () => {
  await pull('?startup=true');
  unlist('203.0.113.5');
  await api.close();
  api = await open();
  const [fresh, ended] = await pull();
  assert.deepEqual(fresh, ['2001:db8:1:2::/64']);
  assert.ok(ended.includes('203.0.113.5'));
  assert.deepEqual(await pull(), [[], []]);
});

test('a bouncer is told everything anew before entries end that last longer than it was told', async () => {
  await pull('?startup=true');
  clock.ms += 7 * 86_400_000;
  assert.deepEqual((await pull())[0], ['203.0.113.5', '2001:db8:1:2::/64']);
  assert.deepEqual(await pull(), [[], []]);
});

test('filters of the Local API hold, and what is not known is passed over', async () => {
  const all = ['203.0.113.5', '2001:db8:1:2::/64'];
  for (const [query, values] of [
    ['scopes=Ip', ['203.0.113.5']],
    ['scopes=ip,range', all],
    ['scopes=country', []],
    ['origins=cscli,sentrypeer', all],
    ['origins=CAPI', []],
    ['scenarios_containing=ssh,sentrypeer', all],
    ['scenarios_containing=ssh', []],
    ['scenarios_not_containing=listed', []],
    ['dedup=false&additional_pull=true', all],
  ] as const) {
    assert.deepEqual((await pull(`?startup=true&${query}`))[0], values, query);
  }
});

test('a single address is answered with an array, or with null', async () => {
  const values = async (query: string): Promise<unknown> => {
    const response = await ask(`/v1/decisions?${query}`);
    const found = (await response.json()) as readonly { readonly value: string }[] | null;
    return found === null ? null : found.map(({ value }) => value);
  };
  assert.deepEqual(await values('ip=203.0.113.5'), ['203.0.113.5']);
  assert.deepEqual(await values('ip=::ffff:203.0.113.5'), ['203.0.113.5']);
  assert.equal(await values('ip=203.0.113.7'), null);
  assert.deepEqual(await values('range=2001:db8:1:2::/64'), ['2001:db8:1:2::/64']);
  assert.equal(await values('ip=203.0.113.5&type=captcha'), null);
  assert.deepEqual(await values(''), ['203.0.113.5', '2001:db8:1:2::/64']);
  const wrong = await ask('/v1/decisions?ip=nonsense');
  assert.deepEqual(
    [wrong.status, await wrong.json()],
    [400, { message: 'this is not an address or network' }],
  );
});

test('a bouncer needs a key that may read, and is told so in words that it reads', async () => {
  for (const [key, words] of [
    ['', /^this needs a key that may read/],
    ['wrong', /^this key is not known/],
    ['writer', /^this key is for write/],
  ] as const) {
    const response = await ask('/v1/decisions/stream', { headers: { 'x-api-key': key } });
    assert.equal(response.status, 403, key);
    assert.match(((await response.json()) as { message: string }).message, words);
  }
});

test('what a bouncer counted is taken and passed over', async () => {
  const post = (body: string): Promise<Response> =>
    ask('/v1/usage-metrics', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
  assert.equal((await post('{"remediation_components":[]}')).status, 201);
  assert.equal((await post('x'.repeat(300_000))).status, 413);
});

test('bouncers that pull are named with what they have not been told yet', async () => {
  await pull('?startup=true');
  feed.announce('203.0.113.7');
  const { bouncers } = (await (await ask('/v1/followers')).json()) as { bouncers: unknown[] };
  assert.deepEqual(bouncers, [
    {
      key: 'bouncer-1',
      address: '127.0.0.1',
      user_agent: 'crowdsec-firewall-bouncer/v0.0.25',
      pulled: new Date((UNTIL_US - 3_600_000_000) / 1000).toISOString().replace('Z', '000Z'),
      lag: 1,
    },
  ]);
});

test('goDuration() writes what Go reads', () => {
  assert.deepEqual([0, 59, 60, 3600, 3661, -1, -7200].map(goDuration), [
    '0s',
    '59s',
    '1m0s',
    '1h0m0s',
    '1h1m1s',
    '-1s',
    '-2h0m0s',
  ]);
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The feed over HTTP: pages, changes, and the stream. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpApi } from '../src/index.ts';
import { MemoryFeed } from './memory-feed.ts';
import { openApi } from './ports.ts';

interface Item {
  readonly value: string;
  readonly grouped: string | null;
  readonly level: string;
  readonly change?: string;
}

interface Page {
  readonly items: readonly Item[];
  readonly next: string | null;
  readonly oldest: number;
  readonly newest: number;
  readonly behind: boolean;
}

async function get(api: HttpApi, path: string): Promise<Page> {
  const response = await fetch(`http://127.0.0.1:${api.address.port}${path}`);
  return (await response.json()) as Page;
}

function someFeed(): MemoryFeed {
  return new MemoryFeed()
    .announce('11.22.33.1')
    .announce('11.22.33.2')
    .tell(3, '33123456789', 'watched')
    .list('33123456789', { level: 'watch', listingId: 103 })
    .tell(4, '11.22.33.4', 'unlisted');
}

const valuesOf = ({ items }: Page): readonly string[] => items.map(({ value }) => value);

test('GET /v1/listings is read page by page, and has what is watched where that is asked for', async () => {
  await using api = await openApi({ feed: someFeed() });
  const first = await get(api, '/v1/listings?limit=1');
  assert.deepEqual([valuesOf(first), first.next], [['11.22.33.1'], '101']);
  const second = await get(api, `/v1/listings?cursor=${first.next}`);
  assert.deepEqual([valuesOf(second), second.next], [['11.22.33.2'], null]);
  const watched = await get(api, '/v1/listings?level=watch&kind=number');
  assert.deepEqual(valuesOf(watched), ['+33123456789']);
  assert.equal(watched.items[0]?.grouped, '+33 123456789');
  assert.equal(first.items[0]?.grouped, null, 'an address');
});

test('GET /v1/listings/changes says when a cursor has missed some', async () => {
  const feed = someFeed();
  await using api = await openApi({ feed });
  const all = await get(api, '/v1/listings/changes');
  assert.deepEqual(
    all.items.map(({ change }) => change),
    ['listed', 'listed', 'unlisted'],
  );
  assert.deepEqual([all.oldest, all.newest, all.behind], [101, 104, false]);
  const watched = await get(api, '/v1/listings/changes?level=watch&cursor=102');
  assert.deepEqual(
    watched.items.map(({ change }) => change),
    ['watched', 'unlisted'],
  );
  feed.changed.shift();
  for (const [cursor, behind] of [
    [101, true],
    [102, false],
    [104, false],
    [1_099_511_627_776, true],
  ] as const) {
    assert.equal((await get(api, `/v1/listings/changes?cursor=${cursor}`)).behind, behind);
  }
});

interface Told {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads a stream until it has told this many events. */
async function read(
  api: HttpApi,
  path: string,
  count: number,
  headers: Readonly<Record<string, string>> = {},
  onSnapshot: () => void = () => undefined,
): Promise<readonly Told[]> {
  const abort = new AbortController();
  const response = await fetch(`http://127.0.0.1:${api.address.port}${path}`, {
    signal: abort.signal,
    headers,
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  let text = '';
  for await (const chunk of response.body ?? []) {
    const before = text;
    text += new TextDecoder().decode(chunk);
    if (text.includes('event: end') && !before.includes('event: end')) onSnapshot();
    if ((text.match(/^event: /gm) ?? []).length >= count && text.endsWith('\n\n')) break;
  }
  abort.abort();
  const blocks = text.split('\n\n').filter((block) => block.includes('event: '));
  return blocks.map((block) => {
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    const data = JSON.parse(field('data') ?? '{}') as Readonly<Record<string, unknown>>;
    return { event: field('event'), id: field('id'), data };
  });
}

test('the stream of the feed begins with a snapshot, then tells each change', async () => {
  const feed = someFeed();
  await using api = await openApi({ feed });
  const told = await read(api, '/v1/listings/stream?kind=address', 6, {}, () => {
    feed.announce('11.22.33.5').tell(6, '46701234567');
    api.wakeFeed();
  });
  assert.deepEqual(
    told.map(({ event, id, data }) => [event, id, data['value']]),
    [
      ['begin', undefined, undefined],
      ['entry', undefined, '11.22.33.1'],
      ['entry', undefined, '11.22.33.2'],
      ['end', '104', undefined],
      ['change', '105', '11.22.33.5'],
      ['serial', '106', undefined],
    ],
  );
});

test('the stream of the feed goes on after Last-Event-ID, or begins anew where that is not known', async () => {
  await using api = await openApi({ feed: someFeed() });
  const path = '/v1/listings/stream?level=watch';
  const told = await read(api, path, 2, { 'Last-Event-ID': '102' });
  assert.deepEqual(
    told.map(({ event, data }) => [event, data['change'], data['level']]),
    [
      ['change', 'watched', 'watch'],
      ['change', 'unlisted', 'listed'],
    ],
  );
  for (const unknown of ['100', '77', '1099511627776']) {
    const [first] = await read(api, path, 1, { 'Last-Event-ID': unknown });
    assert.equal(first?.event, 'begin', unknown);
  }
  const refused = await fetch(`http://127.0.0.1:${api.address.port}${path}`, {
    headers: { 'Last-Event-ID': 'x' },
  });
  assert.equal(refused.status, 400);
  await refused.text();
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionQuota, type Place } from '../src/connection-quota.ts';

/** A quota and the names of connections that gave up their places. */
function bench(max: number, perSourceMax: number) {
  const quota = new ConnectionQuota({ max, perSourceMax });
  const ousted: string[] = [];
  const admit = (address: string, name = address): Place | undefined =>
    quota.admit(address, () => ousted.push(name));
  const place = (address: string, name = address): Place => {
    const given = admit(address, name);
    assert.ok(given !== undefined, `${name} has no place`);
    return given;
  };
  return { quota, ousted, admit, place };
}

test('admit() refuses a source over its limit, and others not', () => {
  const { quota, ousted, admit, place } = bench(10, 2);
  const first = place('192.0.2.1');
  place('192.0.2.1');
  assert.equal(admit('192.0.2.1'), undefined);
  place('192.0.2.2'); // An IPv4 neighbour is another source.
  first.release();
  place('192.0.2.1');
  assert.deepEqual(ousted, []);
  assert.deepEqual(quota.exceeded, { connections_all: 0, connections_source: 1 });
});

test('admit() counts an IPv6 /64 as one source', () => {
  const { admit, place } = bench(10, 2);
  place('2001:db8::1');
  const second = place('2001:db8::2');
  assert.equal(admit('2001:db8::3'), undefined);
  place('2001:db8:0:1::3');
  second.release();
  place('2001:db8::4');
});

test('over the limit for all, the connection without a message for the longest time gives up its place', () => {
  const { quota, ousted, place } = bench(3, 3);
  const first = place('192.0.2.1', 'first');
  const second = place('192.0.2.1', 'second');
  const third = place('192.0.2.2', 'third');
  first.keep();
  const fourth = place('192.0.2.3', 'fourth');
  assert.deepEqual(ousted, ['second']);
  assert.equal(quota.count, 3);
  second.keep(); // Nothing brings its place back.
  second.release();
  assert.equal(quota.count, 3);
  place('192.0.2.4', 'fifth');
  place('192.0.2.5', 'sixth');
  assert.deepEqual(ousted, ['second', 'third', 'first']);
  assert.deepEqual(quota.exceeded, { connections_all: 3, connections_source: 0 });
  for (const gone of [first, third, fourth]) gone.release();
  assert.equal(quota.count, 2);
  for (let more = 0; more < 3; more += 1) place('192.0.2.1', 'its count went back');
});

test('a source over its limit takes no place from anybody', () => {
  const { quota, ousted, admit, place } = bench(2, 1);
  place('192.0.2.1');
  place('192.0.2.2');
  assert.equal(admit('192.0.2.2'), undefined);
  assert.deepEqual(ousted, []);
  assert.deepEqual(quota.exceeded, { connections_all: 0, connections_source: 1 });
});

test('release() of what was released is our own mistake', () => {
  const { place } = bench(2, 2);
  const given = place('192.0.2.1');
  given.release();
  assert.throws(() => given.release(), { name: 'AssertionError' });
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetAddressText, formatFleetAddress, readFleetAddress } from '../src/address.ts';

function read(text: string) {
  const reading = readFleetAddress(text);
  assert.ok('address' in reading, 'trouble' in reading ? reading.trouble : '');
  return reading.address;
}

function trouble(text: string): string {
  const reading = readFleetAddress(text);
  return 'trouble' in reading ? reading.trouble : '';
}

test('readFleetAddress() verifies TLS wherever a network is in between', () => {
  assert.deepEqual(read('postgres://berlin:s%40crat@db.example.org/fleet').tls, {
    authoritiesFile: undefined,
  });
  assert.deepEqual(
    read('postgresql://a@192.0.2.7:6432/f?sslmode=verify-full&sslrootcert=/ca').tls,
    {
      authoritiesFile: '/ca',
    },
  );
  assert.deepEqual(read('postgres://a@127.0.0.1/f?sslrootcert=/ca').tls, {
    authoritiesFile: '/ca',
  });
  for (const here of ['localhost', '127.0.0.1', '[::1]', '%2Frun%2Fpostgresql']) {
    assert.equal(read(`postgres://a@${here}/f`).tls, 'off', here);
  }
  assert.equal(read('postgres://a@10.0.0.1/f?sslmode=disable').tls, 'off');
});

test('readFleetAddress() refuses modes that leave it open who answers', () => {
  for (const mode of ['require', 'prefer', 'allow', 'verify-ca', 'no-verify']) {
    assert.match(
      trouble(`postgres://a:hunter2@db/f?sslmode=${mode}`),
      /does not verify who answers/,
    );
  }
});

test('readFleetAddress() says what is missing and never repeats the password', () => {
  for (const [text, message] of [
    ['', /not an address such as/],
    ['mysql://a:hunter2@b/c', /not an address such as/],
    ['postgres://db.example.org/f', /names nobody/],
    ['postgres://a:hunter2@db', /names no database/],
    ['postgres://a:hunter2@db/', /names no database/],
    ['postgres://a:hunter2@db/f?password=hunter2', /parameters host, sslmode, sslrootcert/],
    ['postgres://a:hunter2%@db/f', /hexadecimal digits/],
    ['postgres://a:hunter2@192.0.2.300/f', /host is neither a name nor an address/],
    ['postgres://a:hunter2@192.0.2/f', /host is neither a name nor an address/],
    ['postgres://a:hunter2@db1,db2/f', /host is neither a name nor an address/],
    ['postgres://a:hunter2@x/f?host=db1,db2', /host is neither a name nor an address/],
    ['postgres://a:hunter2@db:0/f', /port is not from 1 to 65535/],
    ['postgres://a@x/f?host=/run&sslmode=verify-full', /no TLS over a Unix socket/],
    [`postgres://a:${'x'.repeat(3000)}@db/f`, /not an address such as/],
  ] as const) {
    assert.match(trouble(text), message);
    assert.ok(!trouble(text).includes('hunter2'));
  }
});

test('fleetAddressText() writes what readFleetAddress() reads', () => {
  for (const text of [
    'postgres://berlin:p%40ss%2F%25@db.example.org:5433/fleet',
    'postgres://a@[2001:db8::7]/f?sslrootcert=/etc/my%20ca.pem',
    'postgres://a:b@10.0.0.1/f?sslmode=disable',
    'postgres://a:b@localhost/f',
    'postgres://a@%2Frun%2Fpostgresql:5433/f',
    'postgres://a@localhost/f?host=/run/postgresql',
  ]) {
    const address = read(text);
    assert.deepEqual(read(fleetAddressText(address)), address, text);
  }
});

test('formatFleetAddress() has no password', () => {
  const text = formatFleetAddress(read('postgres://berlin:hunter2@db.example.org:5433/fleet'));
  assert.equal(text, 'fleet on db.example.org, port 5433 as berlin');
});

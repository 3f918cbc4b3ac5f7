// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiPort } from '../../src/services/listings/node.ts';

const OURS = ['127.0.0.1', '203.0.113.5', '2001:db8::5'];

test('openApiPort() is that of the API, where it answers others than this machine', () => {
  const here = { apiAddress: '127.0.0.1', apiPort: 8082 };
  const table: readonly [string, typeof here, number | undefined][] = [
    ['http://127.0.0.1:8082', here, undefined],
    ['http://127.0.0.1:8082', { apiAddress: '0.0.0.0', apiPort: 8083 }, 8083],
    // Named only on the command line, next to a daemon with its own options.
    ['http://203.0.113.5:9000', here, 9000],
    ['https://[2001:db8::5]', here, 443],
    ['http://203.0.113.5', here, 80],
    ['http://203.0.113.9:9000', here, undefined],
    ['https://hub.example.org:8082', here, undefined],
  ];
  for (const [url, config, port] of table)
    assert.equal(openApiPort(new URL(url), config, OURS), port, url);
});

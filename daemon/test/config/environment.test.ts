// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTION_ENTRIES } from '../../src/config/settings.ts';
import { refused, run } from './sources.ts';

test('parseEnvironment() has the variables of SentryPeer 4.x', () => {
  const variables = new Map(OPTION_ENTRIES.map(([key, { environment }]) => [environment, key]));
  const expected = {
    SENTRYPEER_DB_FILE: 'dbFile',
    SENTRYPEER_JSON_LOG: 'jsonLog',
    SENTRYPEER_JSON_LOG_FILE: 'jsonLogFile',
    SENTRYPEER_API: 'api',
    SENTRYPEER_SIP_RESPONSIVE: 'responsive',
    SENTRYPEER_SIP_DISABLE: 'noSip',
    SENTRYPEER_SYSLOG: 'syslog',
    SENTRYPEER_CERT: 'certFile',
    SENTRYPEER_KEY: 'keyFile',
    SENTRYPEER_TLS_LISTEN_ADDRESS: 'tlsListenAddresses',
    SENTRYPEER_CONFIG_FILE: 'configFile',
    SENTRYPEER_TLS_DISABLE: 'noTls',
    SENTRYPEER_VERBOSE: 'verbose',
    SENTRYPEER_DEBUG: 'debug',
  };
  for (const [name, key] of Object.entries(expected)) assert.equal(variables.get(name), key, name);
});

test('parseEnvironment() reads switch words, and refuses others', () => {
  for (const word of ['1', 'true', 'YES', 'On', ' on ']) {
    assert.equal(run('', { env: { SENTRYPEER_API: word } }).config.api, true, word);
  }
  for (const word of ['0', 'false', 'no', 'OFF', '']) {
    assert.equal(run('', { env: { SENTRYPEER_API: word } }).config.api, false, word);
  }
  assert.equal(
    refused('', { env: { SENTRYPEER_API: 'maybe' } }),
    'SENTRYPEER_API: "maybe" is not a switch: on is 1, true, yes or on; off is 0, false, no, off or empty',
  );
});

test('parseEnvironment() reads several values separated by commas', () => {
  const env = { SENTRYPEER_SIP_ADDRESS: '192.0.2.1, 2001:db8::1,192.0.2.1' };
  assert.deepEqual(run('', { env }).config.sipAddresses, ['192.0.2.1', '2001:db8::1']);
});

test('parseEnvironment() refuses an empty value of what is not a switch', () => {
  assert.equal(
    refused('', { env: { SENTRYPEER_DB_FILE: '' } }),
    'SENTRYPEER_DB_FILE: "" is not the path of a file',
  );
});

test('parseEnvironment() refuses an address where a port belongs, as Kubernetes may set it', () => {
  assert.match(
    refused('', { env: { SENTRYPEER_API_PORT: 'tcp://192.0.2.1:8082' } }),
    /^SENTRYPEER_API_PORT: "tcp:\/\/192\.0\.2\.1:8082" is not a port/,
  );
});

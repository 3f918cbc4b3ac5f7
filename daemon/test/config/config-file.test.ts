// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused, run } from './sources.ts';

const named = (text: string): Parameters<typeof run> => [
  '-g /c.toml',
  { files: { '/c.toml': text } },
];

test('parseConfigFile() reads the keys of SentryPeer 4.x at the top level', () => {
  const { config } = run(
    ...named('cert = "/c.pem"\nkey = "/k.pem"\ntls_listen_address = "127.0.0.1:6000"\n'),
  );
  assert.deepEqual(
    [config.certFile, config.keyFile, config.tlsListenAddresses],
    ['/c.pem', '/k.pem', [{ address: '127.0.0.1', port: 6000 }]],
  );
});

test('parseConfigFile() takes an empty array as nothing where there may be nothing, and says so elsewhere', () => {
  const empty = [
    'own_address',
    'own_number',
    'firewall_spare',
    'policy',
    'sip_agent',
    'webhook_url',
  ];
  const { config } = run(...named(empty.map((name) => `${name} = []`).join('\n')));
  assert.deepEqual(config, run(...named('')).config);
  for (const name of ['sip_address', 'tls_listen_address', 'sip_agent_peer', 'bootstrap_node']) {
    const message = refused(...named(`${name} = []`));
    assert.match(message, /an empty array names nothing: leave it out, or write \S/, name);
  }
});

test('parseConfigFile() names the one of several values that is wrong', () => {
  assert.equal(
    refused(...named('own_address = ["192.0.2.1", "192.0.2.300", "192.0.2.2"]')),
    'own_address in /c.toml, line 1: "192.0.2.300" is not an IP address such as 192.0.2.1 or 2001:db8::1',
  );
  assert.match(refused('--db-file=\u00a0'), /^--db-file: .* is not the path of a file$/);
});

test('parseConfigFile() reads switches, numbers, sizes and arrays', () => {
  const { config } = run(
    ...named(
      [
        'api = true',
        'sip_port = 5_062',
        'db_size_max = "3GiB"',
        'db_free_min = 1000000',
        'sip_address = ["192.0.2.1", "2001:db8::1"]',
        'syslog_target = "tcp://log.example:6514"',
      ].join('\r\n'),
    ),
  );
  assert.deepEqual(
    [config.api, config.sipPort, config.dbSizeMaxOctets, config.dbFreeMinOctets],
    [true, 5062, 3 * 2 ** 30, 1_000_000],
  );
  assert.deepEqual(config.sipAddresses, ['192.0.2.1', '2001:db8::1']);
  assert.deepEqual(config.syslogTarget, { kind: 'tcp', host: 'log.example', port: 6514 });
});

test('parseConfigFile() refuses an unknown key with its line and the nearest one', () => {
  assert.equal(
    refused(...named('# api_prot = 1\napi = true\napi_prot = 1\n')),
    '/c.toml, line 3: unknown key "api_prot", did you mean api_port?',
  );
  assert.equal(
    refused(...named('api = true\n[sip]\nport = 1\n')),
    '/c.toml, line 2: unknown key "sip", see docs/options.md for those there are',
  );
  assert.equal(
    refused(...named('\n  "nonsense_here" = 1\n')),
    '/c.toml, line 2: unknown key "nonsense_here", see docs/options.md for those there are',
  );
  assert.match(refused(...named('config_file = "/x"')), /line 1: unknown key "config_file"/);
});

test('parseConfigFile() refuses a value of the wrong type or out of range, with its line', () => {
  assert.equal(
    refused(...named('\nsip_port = "5060"')),
    'sip_port in /c.toml, line 2: takes a number without quotes: a port from 0 to 65535, where 0 chooses a free one',
  );
  assert.match(refused(...named('api = "on"')), /^api in \/c\.toml, line 1: takes true or false/);
  assert.match(refused(...named('api = 1')), /^api in \/c\.toml, line 1: takes true or false/);
  assert.match(refused(...named('sip_port = 65536')), /line 1: "65536" is not a port/);
  assert.match(refused(...named('sip_port = 1.5')), /line 1: "1\.5" is not a port/);
  assert.match(refused(...named('sip_address = []')), /line 1: an empty array names nothing/);
  assert.match(
    refused(...named('tls_listen_address = [5061]')),
    /takes a text in quotes, or an array of them/,
  );
  assert.match(refused(...named('db_file = ["a"]')), /takes a text in quotes: the path of a file/);
});

test('parseConfigFile() refuses what is not TOML, with line and column', () => {
  assert.match(refused(...named('api = true\nsip_port = \n')), /^\/c\.toml, line 2, column 12: /);
  assert.match(refused(...named('api = true\napi = true')), /^\/c\.toml, line 2, column 1: /);
  assert.match(refused(...named('__proto__ = 1')), /^\/c\.toml, line 1, column 1: /);
});

test('parseConfigFile() refuses a file too large to be one', () => {
  assert.match(refused(...named('#'.repeat(1_048_577))), /^\/c\.toml: is longer than 1048576/);
});

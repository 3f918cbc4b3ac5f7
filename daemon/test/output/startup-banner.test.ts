// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatStartupBanner,
  formatVerboseStart,
  type StartupFacts,
} from '../../src/output/startup-banner.ts';

const facts: StartupFacts = {
  version: '0.1.0',
  nodeId: 'fac3fa20-8c2c-845b-8661-50a70fa9e873',
  processId: 4711,
  responsive: true,
  persona: 'freeswitch',
  udp: [
    { address: '192.0.2.1', port: 5060 },
    { address: '127.0.0.1', port: 5060 },
    { address: '::1', port: 5060 },
  ],
  tcp: [{ address: '::', port: 5060 }],
  tls: [{ address: '0.0.0.0', port: 5061 }],
  agent: undefined,
  api: { address: '127.0.0.1', port: 8082 },
  dbFile: './sentrypeer.db',
  jsonLogFile: '/var/log/sp.log',
  webhookNames: [],
  dht: [],
  syslogTarget: 'local',
};

const agent = {
  udp: [{ address: '127.0.0.1', port: 5062 }],
  tcp: [{ address: '127.0.0.1', port: 5062 }],
  tls: [],
};

test('formatStartupBanner() says what is open, where data goes, what to try and how to stop', () => {
  assert.equal(
    formatStartupBanner(facts),
    `SentryPeer 0.1.0, node fac3fa20-8c2c-845b-8661-50a70fa9e873
  SIP   responsive, as freeswitch
  UDP   192.0.2.1:5060, 127.0.0.1:5060, [::1]:5060
  TCP   [::]:5060
  TLS   0.0.0.0:5061
  API   http://127.0.0.1:8082/
  Data  ./sentrypeer.db, JSON log /var/log/sp.log, syslog local
  Try   sipsak -vs sip:127.0.0.1:5060
        svmap -p 5060 127.0.0.1
        curl http://127.0.0.1:8082/v1/addresses
        http://127.0.0.1:8082/ in a browser
  Stop  Ctrl-C, or kill 4711
`,
  );
});

test('formatStartupBanner() of a passive node without API says how to get answers and data', () => {
  const text = formatStartupBanner({
    ...facts,
    responsive: false,
    persona: undefined,
    tcp: [],
    tls: [],
    api: undefined,
    jsonLogFile: undefined,
    syslogTarget: undefined,
  });
  assert.match(text, /\n  SIP   passive: records, never answers \(-r does\)\n/);
  assert.match(text, /\n  API   off \(-a opens it\)\n  Data  \.\/sentrypeer\.db\n/);
  assert.match(text, /sqlite3 \.\/sentrypeer\.db 'SELECT source_ip, called_number FROM honey'\n/);
  assert.doesNotMatch(text, /TCP|TLS/);
});

test('formatStartupBanner() without SIP offers no SIP command', () => {
  const api = { address: '::', port: 80 };
  const text = formatStartupBanner({ ...facts, udp: [], tcp: [], tls: [], api });
  assert.match(text, /\n  SIP   off\n  API   http:\/\/\[::1\]:80\/\n/);
  assert.match(text, /\n  Try   curl http:\/\/\[::1\]:80\/v1\/addresses\n/);
});

test('formatStartupBanner() says where the SIP agent listens', () => {
  const text = formatStartupBanner({ ...facts, agent });
  assert.match(text, /\n  Agent UDP 127\.0\.0\.1:5062, TCP 127\.0\.0\.1:5062\n  API /);
});

test('formatStartupBanner() counts addresses beyond the first six', () => {
  const udp = Array.from({ length: 8 }, (_, index) => ({ address: `10.0.0.${index}`, port: 1 }));
  assert.match(formatStartupBanner({ ...facts, udp }), /10\.0\.0\.5:1 and 2 more\n/);
});

test('formatVerboseStart() prints the lines of SentryPeer 4.x in its order', () => {
  assert.equal(
    formatVerboseStart({ nodeId: 'x', api: true, sip: true, responsive: true, peerToPeer: true }),
    `SentryPeer node id: x
Starting sentrypeer...
API mode enabled, starting http daemon...
SIP mode enabled...
SIP responsive mode enabled. Will reply to SIP probes...
Peer to Peer DHT mode enabled...
DHT InfoHash for key 'bad_actors' is: 14d30143330e2e0e922ed4028a60ff96a59800ad
Listening for changes to the bad_actors DHT key
`,
  );
  assert.equal(
    formatVerboseStart({
      nodeId: 'x',
      api: false,
      sip: false,
      responsive: false,
      peerToPeer: false,
    }),
    'SentryPeer node id: x\nStarting sentrypeer...\n',
  );
});

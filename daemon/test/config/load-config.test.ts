// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, refused, run, USUAL_FILE } from './sources.ts';

test('loadConfig() without anything gives the documented defaults', () => {
  const { config, warnings } = run('');
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    { ...config },
    {
      responsive: false,
      noSip: false,
      sipPort: 5060,
      sipAddresses: 'all',
      persona: 'auto',
      replyRatePerSecond: 20,
      replyBurstCount: 200,
      replyOctetsPerSecond: 1_048_576,
      connectionsMax: 2000,
      connectionsPerSourceMax: 50,
      noTls: false,
      tlsListenAddresses: [
        { address: '0.0.0.0', port: 5061 },
        { address: '::', port: 5061 },
      ],
      certFile: 'cert.pem',
      keyFile: 'key.pem',
      sipAgent: false,
      sipAgentTlsAddresses: [],
      lookupLevels: { '4.x': 'known', hq: 'listed', apiban: 'listed' },
      sipAgentPeers: undefined,
      sipAgentDestination: undefined,
      sipAgentRefusal: 603,
      sipAgentWatch: 'pass',
      dbFile: './sentrypeer.db',
      identityFile: 'sentrypeer-identity.json',
      groupReadable: false,
      foldWindowSeconds: 60,
      analytics: false,
      analyticsSeen: undefined,
      analyticsSummary: undefined,
      retentionDays: 0,
      dbSizeMaxOctets: 1_073_741_824,
      dbFreeMinOctets: 268_435_456,
      api: false,
      apiAddress: '127.0.0.1',
      apiPort: 8082,
      apiLog: false,
      apiKeyRequired: false,
      apiRatePerSecond: 100,
      apiKeyRatePerSecond: 1000,
      apiHosts: undefined,
      apiTrustedProxies: undefined,
      countryFile: 'built-in',
      networkFile: undefined,
      apiCorsOrigin: undefined,
      homeCountry: undefined,
      ownNumbers: undefined,
      ownAddresses: undefined,
      policy: undefined,
      firewallNode: undefined,
      firewallKey: undefined,
      firewallScope: 'all',
      firewallSipPorts: [[5060, 5061]],
      firewallMediaPorts: [[10_000, 20_000]],
      firewallKeepCalls: false,
      firewallKeepEntries: false,
      firewallEntriesMax: 200_000,
      firewallChangesMax: 5000,
      firewallSpare: undefined,
      firewallSshPorts: [[22, 22]],
      firewallRunDir: '/run/sentrypeer-firewall',
      bgpNode: undefined,
      bgpKey: undefined,
      bgpKeepRoutes: false,
      bgpPrefixesMax: 10_000,
      bgpChangesMax: 5000,
      bgpSpare: undefined,
      bgpRunDir: '/run/sentrypeer-bgp',
      bgp: undefined,
      peerToPeer: false,
      bootstrapNodes: [{ host: 'bootstrap.sentrypeer.org', port: 4222 }],
      dhtPort: 4222,
      dhtAddresses: 'all',
      dhtNetwork: 0,
      dhtStateFile: 'sentrypeer-dht.json',
      neighbours: 'link',
      shareBudgetOctets: 4_194_304,
      shareDelaySeconds: 60,
      poolPeers: undefined,
      poolAddress: 'auto',
      poolKeyFile: undefined,
      poolQuorum: 2,
      noNetworkCheck: false,
      fleet: undefined,
      fleetFile: undefined,
      fleetFollower: false,
      fleetHub: false,
      fleetMessages: false,
      fleetAddress: undefined,
      jsonLog: false,
      jsonLogFile: './sentrypeer_json.log',
      jsonLogSizeMaxOctets: 0,
      jsonLogFilesCount: 5,
      syslog: false,
      syslogTarget: { kind: 'local' },
      syslogGrade: 'seen',
      verbose: false,
      debug: false,
      color: 'auto',
      webhookUrls: undefined,
      webhookBatchEventsMax: 1,
      webhookBatchWaitMs: 1_000,
      webhookParallel: 1,
      webhookGzip: false,
      webhookGrade: 'seen',
      webhookOrigin: 'own',
      webhookOmit: undefined,
      webhookTimeoutSeconds: 10,
      webhookCaFile: undefined,
      webhookSecret: undefined,
      webhookSecretFile: undefined,
      oauth2ClientId: undefined,
      oauth2ClientSecret: undefined,
      oauth2ClientSecretFile: undefined,
      oauth2TokenUrl: new URL('https://authz.sentrypeer.com/oauth/token'),
      oauth2Audience: 'https://sentrypeer.com/api',
      oauth2Scope: undefined,
      oauth2Body: 'json',
      webhookBacklogOctets: 1_073_741_824,
      webhooks: [],
      profile: 'default',
      threads: 4,
      configFile: undefined,
    },
  );
});

test('loadConfig() puts certificate, key and identity next to the database', () => {
  const { config } = run('-f /var/lib/sp/x.db -k /etc/own.pem');
  assert.equal(config.certFile, '/var/lib/sp/cert.pem');
  assert.equal(config.keyFile, '/etc/own.pem');
  assert.equal(config.identityFile, '/var/lib/sp/sentrypeer-identity.json');
  assert.equal(run('-f /var/lib/sp/x.db').config.keyFile, '/var/lib/sp/key.pem');
});

test('loadConfig() keeps TLS on the addresses that SIP was limited to', () => {
  const { config } = run('--sip-address 127.0.0.1 --sip-address=[::1]');
  assert.deepEqual(config.sipAddresses, ['127.0.0.1', '::1']);
  assert.deepEqual(config.tlsListenAddresses, [
    { address: '127.0.0.1', port: 5061 },
    { address: '::1', port: 5061 },
  ]);
});

test('loadConfig() gives the SIP agent TLS next to its port, and a status that tells listed calls apart', () => {
  const destination = '--sip-agent-destination sip:{number}@192.0.2.10';
  const { config } = run(`--sip-agent 192.0.2.1:5090 --sip-agent [::1]:65535 ${destination}`);
  assert.deepEqual(config.sipAgentTlsAddresses, [{ address: '192.0.2.1', port: 5091 }]);
  assert.equal(config.sipAgentRefusal, 404);
  assert.deepEqual(run('--sip-agent -N').config.sipAgentTlsAddresses, []);
  assert.equal(run('--sip-agent').config.sipAgentRefusal, 603);
  assert.equal(run(`--sip-agent --sip-agent-refusal 403`).config.sipAgentRefusal, 403);
  assert.match(refused('--sip-agent --sip-agent-refusal 500'), /is not 403, 404, 603 or 608$/);
  assert.match(refused('--sip-agent --sip-agent-destination sip:gw'), /\{number\} \(as dialled\)/);
  assert.deepEqual(run(destination).warnings, [
    '--sip-agent-destination has no effect without --sip-agent',
  ]);
});

test('loadConfig() takes as many threads as there are cores, at most 64', () => {
  assert.equal(run('', { coresCount: 200 }).config.threads, 64);
  assert.equal(run('', { coresCount: 0 }).config.threads, 1);
  assert.equal(run('--threads 3', { coresCount: 200 }).config.threads, 3);
});

test('loadConfig() knows the countries of today, and what the British write', () => {
  assert.equal(run('--home-country uk').config.homeCountry, 'GB');
  assert.equal(run('--home-country XK').config.homeCountry, 'XK');
  for (const country of ['DD', 'YU', 'XX', 'EL', 'England', '44']) {
    assert.match(refused(`--home-country ${country}`), /is not a country in two letters/u);
  }
});

test('loadConfig() gives a small device one thread and no countries, unless they are asked for', () => {
  const small = run('--profile small', { coresCount: 4 }).config;
  assert.deepEqual([small.threads, small.countryFile], [1, 'none']);
  const asked = run('--profile small --threads 2 -a --country-file built-in', { coresCount: 4 });
  assert.deepEqual([asked.config.threads, asked.config.countryFile], [2, 'built-in']);
  assert.match(refused('--profile tiny'), /--profile.*"tiny".*default.*small/u);
});

test('loadConfig() prefers flag to variable to file to default, and says where a value came from', () => {
  const files = { [USUAL_FILE]: '# mine\nsip_port = 1\napi_port = 2\nthreads = 3\n' };
  const env = { SENTRYPEER_SIP_PORT: '11', SENTRYPEER_API_PORT: '12' };
  const { config, origins } = run('--sip-port 21 -a', { env, files });
  assert.deepEqual([config.sipPort, config.apiPort, config.threads], [21, 12, 3]);
  assert.deepEqual(origins.sipPort, { kind: 'flag', text: '--sip-port' });
  assert.deepEqual(origins.apiPort, { kind: 'environment', text: 'SENTRYPEER_API_PORT' });
  assert.deepEqual(origins.threads, {
    kind: 'file',
    text: `threads in ${USUAL_FILE}, line 4`,
  });
  assert.deepEqual(origins.dbFile, { kind: 'default', text: '--db-file' });
});

test('loadConfig() lets a flag turn off what variable or file turn on', () => {
  const files = { [USUAL_FILE]: 'responsive = true\n' };
  const { config } = run('--api=off --responsive=no', { env: { SENTRYPEER_API: '1' }, files });
  assert.deepEqual([config.api, config.responsive], [false, false]);
});

test('loadConfig() turns the JSON log on when its file is named, and syslog with its target', () => {
  assert.equal(run('-l /x.log').config.jsonLog, true);
  assert.equal(run('', { env: { SENTRYPEER_JSON_LOG_FILE: '/x.log' } }).config.jsonLog, true);
  assert.equal(run('--syslog-target udp://192.0.2.1:514').config.syslog, true);
  const { config, origins } = run('-d');
  assert.equal(config.verbose, true);
  assert.equal(origins.verbose.text, '-d');
});

test('loadConfig() lets an explicit switch win over what implies it, unless that is stronger', () => {
  const file = { SENTRYPEER_JSON_LOG_FILE: '/x.log' };
  const off = { SENTRYPEER_JSON_LOG: '0' };
  assert.equal(run('', { env: { ...file, ...off } }).config.jsonLog, false);
  assert.equal(run('--json-log=off', { env: file }).config.jsonLog, false);
  assert.equal(run('-l /x.log', { env: off }).config.jsonLog, true);
  assert.equal(run('--debug=off', {}).config.verbose, false);
});

test('loadConfig() reads the file that is named by flag or variable, and wants it to be there', () => {
  const files = { '/a.toml': 'sip_port = 1', '/b.toml': 'sip_port = 2' };
  const env = { SENTRYPEER_CONFIG_FILE: '/b.toml' };
  assert.equal(run('', { env, files }).config.sipPort, 2);
  const flagged = run('-g /a.toml', { env, files });
  assert.equal(flagged.config.sipPort, 1);
  assert.equal(flagged.config.configFile, '/a.toml');
  assert.equal(refused('-g /c.toml', { files }), '-g: there is no file "/c.toml"');
  assert.equal(
    refused('', { env: { SENTRYPEER_CONFIG_FILE: '/c.toml' } }),
    'SENTRYPEER_CONFIG_FILE: there is no file "/c.toml"',
  );
});

test('loadConfig() warns of unknown variables without showing their values', () => {
  const { warnings } = run('', {
    env: {
      SENTRYPEER_DB_FLIE: 'secret',
      SENTRYPEER_WEBHOOK: 'https://secret.example/',
      SENTRYPEER_API: '1',
      HOME: '/root',
    },
  });
  assert.deepEqual(warnings, [
    'unknown environment variable "SENTRYPEER_DB_FLIE" is ignored, did you mean SENTRYPEER_DB_FILE?',
    'unknown environment variable "SENTRYPEER_WEBHOOK" is ignored, did you mean SENTRYPEER_WEBHOOK_URL?',
  ]);
});

test('loadConfig() warns of a flag that does nothing because a switch is off, but not of a file', () => {
  assert.deepEqual(run('--api-port 9000').warnings, ['--api-port has no effect without --api']);
  assert.deepEqual(run('--api-port 9000 -a').warnings, []);
  assert.deepEqual(run('', { files: { [USUAL_FILE]: 'api_port = 9000' } }).warnings, []);
});

test('loadConfig() refuses contradictions and says which two', () => {
  assert.equal(refused('-Rra'), '-R turns SIP off, but -r answers it: leave one out');
  assert.equal(
    refused('--no-sip'),
    '--no-sip without the API leaves nothing to do: add --api, or --peer-to-peer for a node that only links others, or leave it out',
  );
  assert.equal(run('-p --no-sip').config.noSip, true); // It links other nodes.
  assert.equal(
    refused('-N', { env: { SENTRYPEER_CERT: '/c.pem' } }),
    '-N turns TLS off, but SENTRYPEER_CERT sets it up: leave one out',
  );
  assert.match(refused('-N -z 127.0.0.1:5061'), /^-N turns TLS off, but -z sets it up/);
  assert.match(refused('-N -k /k.pem'), /^-N turns TLS off, but -k sets it up/);
  assert.match(
    refused('--max-connections 10 --max-connections-per-source 11'),
    /^--max-connections-per-source is 11, which is more than --max-connections, 10/,
  );
  run('-Ra');
  run('-R --sip-agent');
  assert.match(
    refused('--sip-agent --sip-agent-refusal 404'),
    /^--sip-agent-refusal: without --sip-agent-destination every call gets 404, listed or not/,
  );
  assert.match(
    refused('-N --sip-agent --sip-agent-tls 127.0.0.1:1'),
    /^-N turns TLS off, but --sip/,
  );
});

test('loadConfig() refuses a file in a directory that does not exist', () => {
  const directories = ['.', '/there'];
  assert.equal(
    refused('-f /gone/x.db', { directories }),
    '-f: there is no directory "/gone" for "/gone/x.db": create it first',
  );
  assert.match(refused('-l /gone/x.log', { directories }), /^-l: there is no directory "\/gone"/);
  assert.match(refused('--identity-file /gone/i', { directories }), /^--identity-file: /);
  run('-f /there/x.db', { directories });
  run('-l /gone/x.log --json-log=off', { directories });
});

test('loadConfig() refuses two options that name the same file, and a directory where a file is wanted', () => {
  assert.equal(
    refused('-f a.db -l ./a.db'),
    '-l and -f both name the file "./a.db": name two files',
  );
  assert.match(refused('-f a.db -l a.db-wal'), /^-l and what belongs to -f both name the file/);
  assert.match(refused('-f a.db --identity-file a.db'), /^--identity-file and -f both name/);
  assert.match(refused('-f a.db -t a.db -k k.pem'), /^-t and -f both name the file/);
  assert.match(
    refused('-f a.db -l sentrypeer-identity.json'),
    /^-l and the default of --identity-file both name/,
  );
  const links = { 'log.json': '/here/a.db' };
  assert.match(refused('-f a.db -l log.json', { links }), /^-l and -f both name the file/);
  run('-f a.db -t both.pem -k both.pem -l -');
  run('-f a.db -l a.db --json-log=off');
  assert.equal(
    refused('-f /tmp', { files: { '/tmp': '' } }),
    '-f: "/tmp" is a directory: name a file in it',
  );
});

test('loadConfig() refuses two options that open the same TCP port', () => {
  for (const [line, message] of [
    [
      '-a --api-port 5060',
      '--api-port and the default of --sip-port both open TCP port 127.0.0.1:5060',
    ],
    [
      '--sip-port 5061',
      'the default of --tls-listen-address and --sip-port both open TCP port 0.0.0.0:5061',
    ],
    [
      '--sip-agent 127.0.0.1:5061',
      '--sip-agent and the default of --tls-listen-address both open TCP port 127.0.0.1:5061',
    ],
    [
      '--sip-agent [::1]:5059',
      'the default of --sip-agent-tls and the default of --sip-port both open TCP port [::1]:5060',
    ],
    [
      '-p --dht-port 8082 -a --dht-address 127.0.0.1',
      '--dht-port and the default of --api-port both open TCP port 127.0.0.1:8082',
    ],
    [
      '-a --sip-address 192.0.2.1 --api-address 0.0.0.0 --api-port 5060',
      '--api-port and the default of --sip-port both open TCP port 192.0.2.1:5060',
    ],
  ] as const) {
    assert.equal(refused(line), `${message}: give one of them another port or address`);
  }
  assert.equal(
    refused('-z 0.0.0.0:5070 -z 192.0.2.1:5070'),
    '-z opens TCP port 192.0.2.1:5070 twice: name it once',
  );
  run('-a --api-port 5060 -R');
  run('--api-port 5060');
  run('-N --sip-port 5061');
  run('-a --sip-address 192.0.2.1 --api-port 5060');
  run('-a --sip-port 0 --api-port 0 -z 127.0.0.1:0 --sip-agent 127.0.0.1:0');
  run('-a --sip-address 127.0.0.1 --api-address ::1 --api-port 5060');
  run('--dht-port 5060');
});

test('loadConfig() refuses a persona that does not exist and names those that do', () => {
  assert.equal(run('-r --persona freeswitch').config.persona, 'freeswitch');
  assert.equal(
    refused('-r --persona freeswich'),
    '--persona: there is no persona "freeswich", did you mean freeswitch?',
  );
  assert.equal(
    refused('-r --persona nonsense'),
    '--persona: there is no persona "nonsense", there are auto, asterisk-chan-sip, freeswitch',
  );
});

test('loadConfig() prints help and version, whatever follows them', () => {
  for (const argv of ['-h', '--help', '-rh', '-h --nonsense', 'help']) {
    assert.deepEqual(load(argv), { kind: 'help', words: [] }, argv);
  }
  assert.deepEqual(load('keys add --help'), { kind: 'help', words: ['keys', 'add'] });
  assert.deepEqual(load('help keys'), { kind: 'help', words: ['keys'] });
  const version = load('-V');
  assert.ok(version.kind === 'print' && version.text.startsWith('sentrypeer '));
  assert.deepEqual(load('--version'), version);
  assert.equal(refused('--nonsense -h').startsWith('unknown option'), true);
});

test('loadConfig() leaves the words of a command unread, and needs no SIP and no API for it', () => {
  const loaded = load('backup /b.db -f /x.db --no-sip --json');
  assert.ok(loaded.kind === 'command');
  assert.deepEqual(loaded.words, ['backup', '/b.db']);
  assert.deepEqual([...loaded.flags.keys()], ['json']);
  assert.equal(loaded.config.dbFile, '/x.db');
  assert.equal(refused('--json'), '--json belongs to a command: see sentrypeer --help');
  assert.equal(refused('keys list --json=yes'), '--json takes no value: write --json alone');
});

test('loadConfig() lets a mistake of its own rise', () => {
  const broken = (): never => {
    throw new TypeError('broken');
  };
  assert.throws(() => run('', { directories: Object.assign([], { includes: broken }) }), TypeError);
});

test('loadConfig() reads how to share, and from whom to begin', () => {
  const { config } = run(
    '-draps -b one.example -b [2001:db8::1]:4300 -b 192.0.2.1 -f /var/lib/sp/x.db',
  );
  assert.equal(config.peerToPeer, true);
  assert.deepEqual(config.bootstrapNodes, [
    { host: 'one.example', port: 4222 },
    { host: '2001:db8::1', port: 4300 },
    { host: '192.0.2.1', port: 4222 },
  ]);
  assert.equal(config.dhtStateFile, '/var/lib/sp/sentrypeer-dht.json');
  assert.deepEqual(run('-p -b none').config.bootstrapNodes, []);
  assert.deepEqual(run('-b one.example').warnings, ['-b has no effect without --peer-to-peer']);
  for (const wrong of ['', 'host:0', 'host:x', '-x', '2001:db8::1:4222x', '1.2.3.4:70000'])
    assert.match(refused(`-p --bootstrap-node=${wrong}`), /: .* is not a host such as/, wrong);
  assert.match(refused('-p --share-budget 5'), /is not a size such as/);
  assert.match(
    refused('-p --dht-address 127.0.0.1,127.0.0.2,::1'),
    /at most one address of IPv4 and one of IPv6/,
  );
  assert.match(refused('-p --neighbours everywhere'), /is not one of off, link/);
});

test('loadConfig() reads levels of look-ups for all families of routes, or for some', () => {
  const levels = (text: string) => run(`-a --lookup-level ${text}`).config.lookupLevels;
  assert.deepEqual(levels('hearsay'), { '4.x': 'hearsay', hq: 'hearsay', apiban: 'hearsay' });
  assert.deepEqual(levels('4.x=listed'), { '4.x': 'listed', hq: 'listed', apiban: 'listed' });
  assert.deepEqual(levels('hq=known,apiban=known'), {
    '4.x': 'known',
    hq: 'known',
    apiban: 'known',
  });
});

test('loadConfig() warns of what takes a protection away, and of nothing that is usual', () => {
  const agent = '--sip-agent=127.0.0.1:0 --sip-agent-destination=sip:{number}@192.0.2.1';
  const warned = (text: string): readonly string[] => run(text).warnings;
  for (const [text, warning] of [
    [`${agent} --sip-agent-peer 0.0.0.0/0`, /0\.0\.0\.0\/0 lets strangers ask the SIP agent/],
    [`${agent} --sip-agent-peer ::/0`, /::\/0 lets strangers ask the SIP agent/],
    ['-a --api-trusted-proxy 128.0.0.0/1', /lets whoever connects say which address he has/],
    ['-a --api-trusted-proxy ::/0', /lets whoever connects say which address he has/],
    ['-a --api-cors-origin *', /every web page/],
    ['-a --lookup-level hq=hearsay', /any stranger who shares/],
    ['-a --lookup-level known', /one forged packet/],
    ['-a --lookup-level apiban=known', /one forged packet/],
    ['--own-number +4*', /hardly any number is ever listed/],
    ['-r --reply-bandwidth 0', /without a ceiling/],
  ] as const) {
    const warnings = warned(text);
    assert.equal(warnings.length, 1, text);
    assert.match(warnings[0] ?? '', warning);
  }
  for (const text of [
    `${agent} --sip-agent-peer 10.0.0.0/8,fc00::/7,192.0.2.7`,
    '-a --api-trusted-proxy 127.0.0.1 --api-cors-origin https://example.org',
    '-a --lookup-level 4.x=listed',
    '--own-number +4670*',
    '-r --reply-bandwidth 1MB',
  ]) {
    assert.deepEqual(warned(text), [], text);
  }
});

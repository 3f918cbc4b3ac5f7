// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, refused, run, USUAL_FILE } from './sources.ts';

const inFile = (text: string, files: Readonly<Record<string, string>> = {}) => ({
  files: { [USUAL_FILE]: text, ...files },
});

const first = (argv: string, machine?: Parameters<typeof run>[1]) => {
  const webhook = run(argv, machine).config.webhooks[0];
  assert.ok(webhook !== undefined);
  return webhook;
};

test('loadConfig() reads the webhook and OAuth2 flags of SentryPeer 4.x with their defaults', () => {
  const webhook = first('-w https://hub.example/api/events -i node-1 -c s3cret');
  assert.deepEqual(webhook, {
    name: 'hub.example',
    url: new URL('https://hub.example/api/events'),
    headers: {},
    choice: { grade: 'seen', origin: 'own', omit: [] },
    batchEventsMax: 1,
    batchWaitMs: 1_000,
    gzip: false,
    signingSecret: undefined,
    timeoutMs: 10_000,
    parallel: 1,
    authorities: undefined,
    oauth2: {
      tokenUrl: new URL('https://authz.sentrypeer.com/oauth/token'),
      clientId: 'node-1',
      clientSecret: 's3cret',
      audience: 'https://sentrypeer.com/api',
      scope: '',
      body: 'json',
    },
  });
  const env = {
    SENTRYPEER_WEBHOOK_URL: 'http://hub.example:8082/',
    SENTRYPEER_OAUTH2_CLIENT_ID: 'node-2',
    SENTRYPEER_OAUTH2_CLIENT_SECRET: 'other',
  };
  const fromEnvironment = first('', { env });
  assert.equal(fromEnvironment.name, 'hub.example:8082');
  assert.equal(fromEnvironment.oauth2?.clientId, 'node-2');
  const empty = { ...env, SENTRYPEER_OAUTH2_CLIENT_ID: '', SENTRYPEER_OAUTH2_CLIENT_SECRET: '' };
  assert.equal(first('', { env: empty }).oauth2, undefined);
  assert.deepEqual(run('', { env: { SENTRYPEER_WEBHOOK_URL: '' } }).config.webhooks, []);
});

test('loadConfig() takes several addresses, each by its host', () => {
  const { webhooks } = run(
    '-w http://a.example/ -w http://b.example:81/x --webhook-batch=100 --webhook-gzip',
  ).config;
  assert.deepEqual(
    webhooks.map(({ name, batchEventsMax, gzip }) => [name, batchEventsMax, gzip]),
    [
      ['a.example', 100, true],
      ['b.example:81', 100, true],
    ],
  );
  assert.match(
    refused('-w http://a.example/x -w http://a.example/y'),
    /^two webhooks are named "a\.example": put them into the file as \[\[webhook\]\]/,
  );
});

test('loadConfig() reads tables of webhooks, each with options of its own', () => {
  const { webhooks } = run(
    '-w http://flag.example/ -i node-1 -c s3cret --webhook-secret own-secret',
    inFile(
      `
[[webhook]]
name = "hub"
url = "https://hub.example/api/events"
batch = 500
batch_wait = 200
parallel = 4
gzip = true
grade = "returned"
origin = "all"
omit = ["sip_message", "destination_ip"]
timeout = 5
ca_file = "/ca.pem"
secret_file = "/signing"
oauth2_client_id = "node-9"
oauth2_client_secret_file = "/secret"
oauth2_token_url = "https://hub.example/oauth/token"
oauth2_audience = ""
oauth2_scope = "write:events"
oauth2_body = "form"
headers = { X-Key = "k3y" }
[[webhook]]
name = "plain"
url = "http://127.0.0.1:9/"
`,
      { '/ca.pem': 'PEM', '/signing': 'whsec_c2VjcmV0\n', '/secret': ' hush \n' },
    ),
  ).config;
  const [flag, hub, plain] = webhooks;
  assert.equal(flag?.oauth2?.clientId, 'node-1');
  assert.deepEqual(hub, {
    name: 'hub',
    url: new URL('https://hub.example/api/events'),
    headers: { 'X-Key': 'k3y' },
    choice: { grade: 'returned', origin: 'all', omit: ['sip_message', 'destination_ip'] },
    batchEventsMax: 500,
    batchWaitMs: 200,
    gzip: true,
    signingSecret: 'whsec_c2VjcmV0',
    timeoutMs: 5_000,
    parallel: 4,
    authorities: 'PEM',
    oauth2: {
      tokenUrl: new URL('https://hub.example/oauth/token'),
      clientId: 'node-9',
      clientSecret: 'hush',
      audience: '',
      scope: 'write:events',
      body: 'form',
    },
  });
  // Secrets of one endpoint are not sent to another.
  assert.equal(plain?.oauth2, undefined);
  assert.equal(plain?.signingSecret, undefined);
});

const REFUSED: readonly (readonly [toml: string, message: RegExp])[] = [
  ['webhook = 1', /line 1: webhook is a table/],
  ['[[webhook]]\nurl = "http://a/"', /line 1: webhook: needs a name/],
  ['[[webhook]]\nname = "a b"\nurl = "http://a/"', /needs a name of letters/],
  ['[[webhook]]\nname = "a"', /webhook "a": url must be an address/],
  ['[[webhook]]\nname = "a"\nurl = "ftp://pa55word@a/"', /url must be an address/],
  [
    '[[webhook]]\nname = "a"\nurl = "http://a/"\nbach = 1',
    /unknown key "bach", did you mean batch\?/,
  ],
  ['[[webhook]]\nname = "a"\nurl = "http://a/"\nbatch = "1"', /batch: takes a number/],
  ['[[webhook]]\nname = "a"\nurl = "http://a/"\nbatch = 1001', /"1001" is not a whole number/],
  [
    '[[webhook]]\nname = "a"\nurl = "http://a/"\nomit = ["from"]',
    /"from" is not one of sip_message/,
  ],
  ['[[webhook]]\nname = "a"\nurl = "http://a/"\nheaders = 1', /headers must be a table/],
  [
    '[[webhook]]\nname = "a"\nurl = "http://a/"\nheaders = { X = "pa55word\\r\\nY: 1" }',
    /"X" is not a header/,
  ],
  [
    '[[webhook]]\nname = "a"\nurl = "http://a/"\nheaders = { Content-Length = "1" }',
    /"Content-Length" is set from the request/,
  ],
  [
    '[[webhook]]\nname = "a"\nurl = "http://a/"\noauth2_client_id = "x"',
    /oauth2_client_id and .*oauth2_client_secret, or its file, need each other/,
  ],
  [
    '[[webhook]]\nname = "a"\nurl = "http://a/"\nsecret_file = "/no"',
    /"\/no" cannot be read \(ENOENT\)/,
  ],
  [
    '[[webhook]]\nname = "a"\nurl = "http://a/"\nsecret_file = "/empty"',
    /"\/empty" does not hold a secret/,
  ],
  [
    '[[webhook]]\nname = "a"\nurl = "http://a/"\nsecret = "pa55word"\nsecret_file = "/x"',
    /both give a secret/,
  ],
  [
    '[[webhook]]\nname = "a"\nurl = "http://a/"\nsecret = "whsec_pa55word!"',
    /what was given is not a secret: whsec_ and Base64/,
  ],
  [
    '[[webhook]]\nname = "a"\nurl = "http://a/"\n[[webhook]]\nname = "a"\nurl = "http://b/"',
    /two webhooks are named "a"/,
  ],
];

for (const [toml, message] of REFUSED) {
  test(`loadConfig() refuses ${JSON.stringify(toml).slice(0, 90)} without a secret in the message`, () => {
    const text = refused('', inFile(toml, { '/empty': ' \n' }));
    assert.match(text, message);
    assert.ok(!text.includes('pa55word'), text);
  });
}

for (const argv of [
  '-w ftp://pa55word@host/',
  '-w=http://pa55word@host/',
  '-c pa55word -c pa55word2',
  '-c pa55word -w http://a/',
  '-w http://a/ --webhook-secret whsec_pa55word!',
  '-c -pa55word',
]) {
  test(`loadConfig() refuses ${argv} without the secret in the message`, () => {
    assert.ok(!refused(argv).includes('pa55word'));
  });
}

test('loadConfig() names what on the command line may be a secret', () => {
  const loaded = run('-w http://a.example/k3y,http://b.example/ -i me -cs3cret');
  for (const secret of ['http://a.example/k3y', 'http://b.example/', 's3cret']) {
    assert.ok(loaded.secrets.includes(secret), secret);
  }
  assert.ok(!loaded.secrets.includes('me'));
});

test('loadConfig() warns of options for webhooks without an address', () => {
  assert.match(run('--webhook-gzip').warnings[0] ?? '', /^--webhook-gzip has no effect without/);
});

test('loadConfig() needs no secrets of webhooks for a command', () => {
  const loaded = load(
    'webhook status',
    inFile('[[webhook]]\nname = "a"\nurl = "http://a/"\nsecret_file = "/no"'),
  );
  assert.ok(loaded.kind === 'command', JSON.stringify(loaded));
});

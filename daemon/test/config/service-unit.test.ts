// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, USUAL_FILE } from './sources.ts';

const UNIT = '/etc/systemd/system/sentrypeer.service';

function command(files: Readonly<Record<string, string>>, argv = 'keys list', env = {}) {
  const loaded = load(argv, { files, env });
  assert.ok(loaded.kind === 'command', JSON.stringify(loaded));
  return loaded;
}

function dbFile(unit: string, more: Readonly<Record<string, string>> = {}, argv?: string): string {
  return command({ [UNIT]: unit, ...more }, argv).config.dbFile;
}

test('a command finds the database of the unit that systemd starts', () => {
  assert.equal(dbFile('[Service]\nExecStart=/usr/bin/sentrypeer -raf /srv/a.db\n'), '/srv/a.db');
  assert.equal(
    dbFile(
      '[Service]\nExecStart=-/usr/bin/node --x /opt/sp/main.js -ra \\\n  --db-file="/srv/b c.db"\n',
    ),
    '/srv/b c.db',
  );
  assert.equal(
    dbFile(
      '[Service]\nEnvironment=A=b "SENTRYPEER_DB_FILE=/srv/e.db"\nExecStart=/usr/bin/sentrypeer',
    ),
    '/srv/e.db',
  );
  assert.equal(
    dbFile('[Service]\nEnvironment=DB=/srv/v.db\nExecStart=/usr/bin/sentrypeer -f ${DB}'),
    '/srv/v.db',
  );
  assert.equal(
    dbFile('[Service]\nEnvironmentFile=-/etc/default/sp\nExecStart=/usr/bin/sentrypeer', {
      '/etc/default/sp': '# ours\nSENTRYPEER_DB_FILE="/srv/f.db"\n',
    }),
    '/srv/f.db',
  );
  assert.equal(
    dbFile('[Service]\nWorkingDirectory=%S/sentrypeer\nExecStart=/usr/bin/sentrypeer -ra'),
    '/var/lib/sentrypeer/sentrypeer.db',
  );
  assert.equal(
    dbFile('[Service]\nExecStart=/usr/bin/sentrypeer -g /etc/sp.toml', {
      '/etc/sp.toml': 'db_file = "/srv/g.db"\nhome_country = "SE"\n',
    }),
    '/srv/g.db',
  );
  assert.equal(
    dbFile('[Service]\nUser=sp\nExecStart=/usr/bin/sentrypeer', {
      '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nsp:x:9:9::/srv/sp:/bin/false\n',
      '/srv/sp/.config/sentrypeer/default-config.toml': 'db_file = "/srv/h.db"\n',
    }),
    '/srv/h.db',
  );
});

test('a command finds it whatever starts the program', () => {
  for (const start of [
    '/usr/bin/env sentrypeer -f /srv/a.db',
    '/usr/bin/env node /opt/sp/main.js -f /srv/a.db',
    '/usr/bin/nice -n 5 /usr/bin/sentrypeer -f /srv/a.db',
    '/usr/bin/npx sentrypeer -f /srv/a.db',
    '/usr/bin/npm start -- -f /srv/a.db',
    '/opt/sp/dist/main.js -f /srv/a.db',
    '/opt/sentrypeer-0.1.0-linux-x64 -f /srv/a.db',
    '/usr/bin/node --max-old-space-size 64 /opt/sp/main.js -f /srv/a.db',
    `/bin/sh -c 'exec /usr/bin/sentrypeer -f /srv/a.db'`,
    '/bin/bash -lc "/usr/bin/sentrypeer -raf /srv/a.db"',
    '/usr/bin/sentrypeer \\\n# where\n -f /srv/a.db',
    '/usr/bin/sentrypeer -f /srv\\x2fa.db',
  ]) {
    assert.equal(dbFile(`[Service]\nExecStart=${start}`), '/srv/a.db', start);
  }
});

test('a command knows the variables and directories that systemd gives the daemon', () => {
  const files = {
    '/etc/passwd': 'sp:x:9:9::/srv/sp:/bin/false\n',
    '/e': 'SENTRYPEER_DB_FILE=/f.db',
  };
  const found = (unit: string): string =>
    dbFile(`[Service]\nUser=sp\n${unit}\nExecStart=/usr/bin/sentrypeer`, files);
  assert.equal(found('WorkingDirectory=~'), '/srv/sp/sentrypeer.db');
  assert.equal(found('EnvironmentFile=/e\nEnvironment=SENTRYPEER_DB_FILE=/a.db'), '/f.db');
  const reset = 'Environment=SENTRYPEER_DB_FILE=/a.db\nEnvironment=\nWorkingDirectory=/srv';
  assert.equal(found(reset), '/srv/sentrypeer.db');
  const unset = 'EnvironmentFile=/e\nUnsetEnvironment=SENTRYPEER_DB_FILE\nWorkingDirectory=/srv';
  assert.equal(found(unset), '/srv/sentrypeer.db');
  const given = (word: string): string =>
    dbFile(
      `[Service]\nUser=sp\nStateDirectory=sp sp2\nExecStart=/bin/sentrypeer -f ${word}`,
      files,
    );
  assert.equal(given('${STATE_DIRECTORY}/a.db'), '/var/lib/sp/a.db');
  assert.equal(given('$HOME/a.db'), '/srv/sp/a.db');
  assert.equal(given('/srv/$$a.db'), '/srv/$a.db');
});

test('every file that the unit or its configuration names is where the daemon finds it', () => {
  const { config } = command({
    [UNIT]:
      '[Service]\nWorkingDirectory=/srv\nExecStart=/usr/bin/sentrypeer -g sp.toml -t cert.pem',
    '/srv/sp.toml':
      'identity_file = "id.json"\npool_key = "/k"\ncountry_file = "none"\nkey = "k.pem"',
  });
  assert.deepEqual(
    [config.certFile, config.keyFile, config.identityFile, config.poolKeyFile, config.countryFile],
    ['/srv/cert.pem', '/srv/k.pem', '/srv/id.json', '/k', 'none'],
  );
});

test('a refusal of what the unit says names the unit', () => {
  const unit = '[Service]\nExecStart=/usr/bin/sentrypeer --nonsense -f /srv/a.db';
  const loaded = load('keys list', { files: { [UNIT]: unit } });
  assert.ok(loaded.kind === 'refused');
  assert.match(loaded.message, /^\/etc\/systemd\/.*: unknown option "--nonsense"/u);
});

test('a drop-in of the unit is stronger than the unit', () => {
  assert.equal(
    dbFile('[Service]\nExecStart=/usr/bin/sentrypeer -f /srv/a.db', {
      [`${UNIT}.d/override.conf`]:
        '[Service]\nExecStart=\nExecStart=/usr/bin/sentrypeer -f /srv/d.db',
    }),
    '/srv/d.db',
  );
});

test('a command has the other options of the unit too, so that it judges as the daemon does', () => {
  const { config } = command({
    [UNIT]: '[Service]\nExecStart=/usr/bin/sentrypeer -f /srv/a.db --home-country SE',
  });
  assert.equal(config.homeCountry, 'SE');
});

test('what the operator names is stronger than the unit', () => {
  const unit = '[Service]\nExecStart=/usr/bin/sentrypeer -f /srv/a.db --home-country SE';
  assert.equal(dbFile(unit, {}, 'keys list -f /my.db'), '/my.db');
  assert.equal(command({ [UNIT]: unit }, 'keys list -f /my.db').config.homeCountry, undefined);
  assert.equal(
    command({ [UNIT]: unit }, 'keys list', { SENTRYPEER_DB_FILE: '/env.db' }).config.dbFile,
    '/env.db',
  );
  assert.equal(dbFile(unit, { [USUAL_FILE]: 'db_file = "/own.db"\n' }), '/own.db');
});

test('a database of this directory is mentioned next to that of the unit', () => {
  const unit = '[Service]\nExecStart=/usr/bin/sentrypeer -f /srv/a.db';
  const { config, warnings } = command({ [UNIT]: unit, './sentrypeer.db': '' });
  assert.equal(config.dbFile, '/srv/a.db');
  assert.match(warnings.join(), /"\/srv\/a\.db", as .*sentrypeer\.service says, and not/);
});

test('the daemon itself does not look at the unit', () => {
  const loaded = load('-ra', {
    files: { [UNIT]: '[Service]\nExecStart=/usr/bin/sentrypeer -f /srv/a.db' },
  });
  assert.ok(loaded.kind === 'run');
  assert.equal(loaded.config.dbFile, './sentrypeer.db');
});

test('loadConfig() starts without a home, and with one that cannot be read', () => {
  const homeless = load('-ra', { homeDirectory: undefined });
  assert.ok(homeless.kind === 'run');
  const closed = load('-ra', { unreadable: [USUAL_FILE] });
  assert.ok(closed.kind === 'run');
  assert.match(closed.warnings.join(), /usual configuration file .* cannot be read \(EACCES\)/);
});

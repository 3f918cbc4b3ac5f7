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

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHolder, portHolder } from '../src/port-holder.ts';
import type { ProcFiles } from '../src/proc-files.ts';
import { hasSocketTables, readSocketRows } from '../src/socket-table.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const TABLES = {
  '/proc/net/udp': `${HEAD}   31: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000 1000        0 3022 2 0 17\n`,
  '/proc/net/tcp6':
    `${HEAD}    0: 00000000000000000000000000000000:13C5 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   114 0 4711 1 0\n` +
    '    1: 00000000000000000000000001000000:13C6 00000000000000000000000001000000:9C40 01 00000000:00000000 00:00000000 00000000     0 0 4712 1 0\n',
};

/** A system that has these files and links, and no others. */
function fakeFiles(
  texts: Readonly<Record<string, string>>,
  links: Readonly<Record<string, string>> = {},
): ProcFiles {
  const paths = [...Object.keys(texts), ...Object.keys(links)];
  return {
    exists: (path) => path in texts,
    text: async (path) => texts[path] ?? '',
    names: async (path) => [
      ...new Set(
        paths
          .filter((one) => one.startsWith(`${path}/`))
          .map((one) => one.slice(path.length + 1).split('/')[0] ?? ''),
      ),
    ],
    link: async (path) => links[path] ?? '',
  };
}

test('portHolder() names the process that has the socket, as far as we may look into it', async () => {
  const files = fakeFiles(
    { ...TABLES, '/proc/1234/cmdline': 'asterisk\0-f\0', '/proc/99/cmdline': 'sshd\0' },
    { '/proc/99/fd/3': 'socket:[1]', '/proc/1234/fd/7': 'socket:[3022]' },
  );
  const udp = await portHolder({ transport: 'UDP', address: '127.0.0.1', port: 5060 }, files);
  assert.deepEqual(udp, { userId: 1000, process: { id: 1234, command: 'asterisk -f' } });
  assert.equal(formatHolder(udp), '`asterisk -f` (process 1234)');
  const tcp = await portHolder({ transport: 'TCP', address: '::1', port: 5061 }, files);
  assert.equal(formatHolder(tcp), 'a program of user 114 (ask root which: `ss -lntup`)');
  const connection = { transport: 'TCP', address: '::1', port: 5062 } as const;
  assert.equal(await portHolder(connection, files), undefined);
});

test('a system without /proc knows neither sockets nor who holds a port', async () => {
  const files = fakeFiles({});
  assert.equal(hasSocketTables(files), false);
  assert.deepEqual(await readSocketRows('UDP', 5060, files), []);
  const holder = await portHolder({ transport: 'UDP', address: '0.0.0.0', port: 5060 }, files);
  assert.equal(formatHolder(holder), 'another program');
});

test('readSocketRows() tells a table that cannot be read from one that is empty, and counts drops', async () => {
  const files = fakeFiles(TABLES);
  assert.deepEqual(await readSocketRows('UDP', 5060, files), [
    { addressHex: '0100007F', state: '07', userId: 1000, inode: '3022', droppedCount: 17 },
  ]);
  const refusing = { ...files, text: async () => Promise.reject(new Error('EMFILE')) };
  assert.equal(await readSocketRows('UDP', 5060, refusing), undefined);
});

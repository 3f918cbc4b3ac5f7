// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from '@sentrypeer/kernel';
import { assertSomeOpenFiles, warnOfFewOpenFiles } from '../src/open-files.ts';

function warned(limits: () => string): readonly unknown[] {
  const lines: unknown[] = [];
  const warn: Logger['warn'] = (name, fields) => {
    lines.push([name, fields?.['limit'], fields?.['wanted']]);
  };
  const logger = { warn } as Logger;
  warnOfFewOpenFiles(2000, logger, limits);
  return lines;
}

function table(limit: string): string {
  return [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             7823                 7823                 processes ',
    `Max open files            ${limit.padEnd(20)} 1048576              files     `,
  ].join('\n');
}

test('a limit of open files below the connections that are promised is told', () => {
  assert.deepEqual(
    warned(() => table('64')),
    [['open_files_few', 64, 2100]],
  );
});

test('a limit that is high enough, does not exist or is not known is not news', () => {
  for (const limit of ['2100', '1048576', 'unlimited']) {
    assert.deepEqual(
      warned(() => table(limit)),
      [],
    );
  }
  const none = (): string => {
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  };
  assert.deepEqual(warned(none), []);
});

test('a limit that leaves no room for connections is refused', () => {
  assert.throws(() => assertSomeOpenFiles(() => table('39')), {
    code: 'open_files_few',
    message: /39 files and sockets only.*ulimit -n/,
  });
  for (const limit of ['40', 'unlimited']) assertSomeOpenFiles(() => table(limit));
});

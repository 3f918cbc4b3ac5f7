// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatHelp } from '../../src/config/help.ts';
import { formatManPage } from '../../src/config/man-page.ts';
import { formatOptionsDocument } from '../../src/config/options-document.ts';
import { PRINT_FLAGS } from '../../src/config/options.ts';
import { keyOfLong, OPTION_ENTRIES } from '../../src/config/settings.ts';
import { run } from './sources.ts';

const docs = new URL('../../../docs/', import.meta.url);

test('docs/options.md is what the table of options says (npm run docs)', () => {
  assert.equal(readFileSync(new URL('options.md', docs), 'utf8'), formatOptionsDocument());
});

test('docs/sentrypeer.1 is what the table of options says (npm run docs)', () => {
  assert.equal(readFileSync(new URL('sentrypeer.1', docs), 'utf8'), formatManPage());
});

test('every line of the packaged configuration file is accepted once it is uncommented', () => {
  const packaged = new URL('../../../packaging/etc/sentrypeer.toml', import.meta.url);
  const text = readFileSync(packaged, 'utf8').replace(/^#(?=[a-z_]+ = )/gm, '');
  const { config } = run('-g /c.toml', { files: { '/c.toml': text } });
  assert.deepEqual([config.homeCountry, config.retentionDays], ['GB', 90]);
});

test('help, man page and options.md name every option', () => {
  const help = formatHelp();
  const manPage = formatManPage().replaceAll('\\-', '-');
  const markdown = formatOptionsDocument();
  for (const [, { long, short, environment, toml }] of OPTION_ENTRIES) {
    for (const text of [help, manPage, markdown]) {
      assert.ok(text.includes(`--${long}`), long);
      if (short !== undefined) assert.ok(text.includes(`-${short}`), short);
    }
    for (const text of [manPage, markdown]) {
      assert.ok(text.includes(environment), environment);
      if (toml !== undefined) assert.ok(text.includes(toml), toml);
    }
  }
});

test('the table of options uses every name once', () => {
  const options = OPTION_ENTRIES.map(([, option]) => option);
  const others = Object.values(PRINT_FLAGS);
  const columns = [
    [...options, ...others].map(({ long }) => long),
    [...options, ...others].flatMap(({ short }) => short ?? []),
    options.map(({ environment }) => environment),
    options.flatMap(({ toml }) => toml ?? []),
  ];
  for (const names of columns) assert.equal(new Set(names).size, names.length, names.join(' '));
});

test('what an option implies or needs is a switch of the table', () => {
  for (const [, { long, implies, needs }] of OPTION_ENTRIES) {
    for (const name of [implies, needs]) {
      if (name === undefined) continue;
      const key = keyOfLong(name);
      assert.ok(key !== undefined && typeof run('').config[key] === 'boolean', `${long}: ${name}`);
    }
  }
});

test('formatHelp() keeps to 80 columns', () => {
  for (const line of formatHelp().split('\n')) assert.ok(line.length <= 80, line);
});

test('formatManPage() begins a line with a dot or an apostrophe for a request only', () => {
  for (const line of formatManPage().split('\n')) {
    assert.ok(!line.startsWith("'"), line);
    if (line.startsWith('.')) {
      assert.ok(/^\.(\\"|TH|SH|SS|PP|TP|B|BR|br|nh|ad|EX|EE)( |$)/.test(line), line);
    }
  }
});

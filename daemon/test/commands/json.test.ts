// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helpText } from '../../src/commands/help-text.ts';
import { COMMANDS } from '../../src/commands/table.ts';
import { refusedCommand } from './prepared.ts';

test('a command that only prints lines as it runs refuses --json and does not offer it', () => {
  const without = COMMANDS.filter(({ insteadOfJson }) => insteadOfJson !== undefined);
  assert.deepEqual(
    without.map(({ name }) => name),
    ['firewall', 'bgp', 'demo'],
  );
  for (const { name, insteadOfJson = '' } of without) {
    assert.equal(refusedCommand(`${name} --json`), `${name} has no --json: ${insteadOfJson}`);
  }
});

test('the help of every other command offers --json', () => {
  for (const { name, insteadOfJson } of COMMANDS) {
    if (insteadOfJson === undefined) assert.match(helpText(name.split(' ')), / --json /, name);
  }
  assert.doesNotMatch(helpText(['demo']), / --json /);
});

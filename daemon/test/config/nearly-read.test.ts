// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Values that are nearly right are refused; none of them is read as another one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused, run } from './sources.ts';

/** Each line is refused with a message that quotes the value. */
function refuseEach(lines: readonly string[]): void {
  for (const line of lines) {
    const message = refused(line);
    assert.match(message, /" is not /u, message);
    assert.ok(message.includes(line.split(' ').at(-1)?.split(',')[0] ?? ''), message);
  }
}

test('loadConfig() reads the figures of a policy as decimal digits', () => {
  refuseEach(
    ['0x3c', '6e1', '+60', '60.0', '0b111100', '６０', ''].map(
      (value) => `--policy address-threshold=${value}`,
    ),
  );
});

test('loadConfig() refuses two values for the same line of the policy, or the same family of routes', () => {
  refuseEach([
    '--policy address-threshold=60 --policy address-threshold=70',
    '-a --lookup-level 4.x=known,4.x=listed',
  ]);
  const twice = run('--policy address-threshold=60 --policy address-threshold=60');
  assert.deepEqual(twice.config.policy, [{ name: 'address-threshold', value: 60 }]);
});

test('loadConfig() wants both ends of a range of ports', () => {
  refuseEach(['5060-', '5060--5061', '5061-5060'].map((ports) => `--firewall-sip-port ${ports}`));
  const { firewallSipPorts } = run('--firewall-sip-port 5070,5080-5090').config;
  assert.deepEqual(firewallSipPorts, [
    [5070, 5070],
    [5080, 5090],
  ]);
});

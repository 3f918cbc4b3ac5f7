// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeOptions } from '../src/open-engine.ts';
import { run } from './config/sources.ts';

test('judgeOptions() counts who may ask the SIP agent among the own addresses, but not everybody', () => {
  for (const [argv, own] of [
    ['--own-address 45.9.9.9', ['45.9.9.9']],
    [
      '--own-address 45.9.9.9 --sip-agent --sip-agent-peer 45.1.2.3 --sip-agent-peer 45.8.0.0/24',
      ['45.9.9.9', '45.1.2.3', '45.8.0.0/24'],
    ],
    ['--sip-agent --sip-agent-peer 45.1.2.3 --sip-agent-peer 0.0.0.0/0', ['45.1.2.3']],
    ['--sip-agent', []],
  ] as const) {
    assert.deepEqual(judgeOptions(run(argv).config).ownAddresses, own, argv);
  }
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Daemons that share, with real OpenDHT nodes and among themselves, each scenario in a separate simulated network. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { peer } from './peer.ts';
import { runInWorld } from './pool/namespaces.ts';
import { SCENARIOS } from './pool/scenarios.ts';

const SCENARIO_MS_MAX = 120_000;

describe('sharing', { concurrency: true }, () => {
  for (const scenario of Object.keys(SCENARIOS))
    test(scenario, async (t) => {
      const programs = ['unshare', 'nsenter', 'ip', 'dhtnode', 'python3-opendht'] as const;
      const paths = programs.map((name) => peer(name, t));
      const [unshare] = paths;
      if (unshare === undefined || paths.includes(undefined)) return;
      const { status, output } = await runInWorld(
        unshare,
        'run-scenario.ts',
        [scenario],
        SCENARIO_MS_MAX,
      );
      assert.equal(status, 0, output);
      for (const line of output.split('\n')) if (line.startsWith('# ')) t.diagnostic(line.slice(2));
    });
});

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Our DHT node with real ones: Debian's dhtnode and python3-opendht, each scenario in a separate network. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SCENARIOS } from './opendht/scenarios.ts';
import { peer } from './peer.ts';

const SCENARIO_MS_MAX = 90_000;

/**
 * The namespace has only loopback, with multicast; nothing in it can reach anything outside. It also has its own shared
 * memory: faketime names what it keeps there by process ids, which are the same in every namespace.
 */
const IN_NAMESPACE = `
ip link set lo up multicast on
ip route add 239.192.0.0/16 dev lo
mount -t tmpfs tmpfs /dev/shm
exec "$@"`;

async function runInNamespace(unshare: string, scenario: string): Promise<void> {
  const program = join(import.meta.dirname, 'opendht', 'run-scenario.ts');
  const shell = ['sh', '-ec', IN_NAMESPACE, 'sh', process.execPath, program, scenario];
  // If we are killed, no real nodes may stay behind: they end with the namespace's first process.
  const child = spawn(unshare, ['-rnm', '--pid', '--fork', '--kill-child', ...shell], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const deadline = setTimeout(() => child.kill('SIGKILL'), SCENARIO_MS_MAX);
  try {
    const [status] = await once(child, 'close');
    assert.equal(status, 0, `${output}\nended with status ${status}`);
  } finally {
    clearTimeout(deadline);
  }
}

describe('OpenDHT', { concurrency: true }, () => {
  for (const scenario of Object.keys(SCENARIOS))
    test(scenario, async (t) => {
      const programs = ['unshare', 'ip', 'dhtnode', 'python3-opendht', 'faketime'] as const;
      const paths = programs.map((name) => peer(name, t));
      const [unshare] = paths;
      if (unshare === undefined || paths.includes(undefined)) return;
      await runInNamespace(unshare, scenario);
    });
});

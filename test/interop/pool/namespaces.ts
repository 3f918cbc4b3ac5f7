// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Machines on the one link, each a namespace with one interface. */
export const MACHINES_COUNT = 5;

/**
 * A network without a way out: one link, five machines on it at 20.0.0.1 to .5 (with the link's IPv6 addresses), and
 * this process next to them at 20.0.0.254. Attackers have 20.100.0.1 to 20.120.0.1, each in a separate network. The
 * addresses look public, because only such are shared. 45.0.0.1 and 45.0.0.2 are on loopback.
 */
const WORLD = `
ip link set lo up multicast on
ip route add 239.192.0.0/16 dev lo
ip addr add 45.0.0.1/32 dev lo
ip addr add 45.0.0.2/32 dev lo
mount -t tmpfs tmpfs /run
mount -t proc proc /proc || :
ip link add br0 type bridge
ip addr add 20.0.0.254/8 dev br0
for n in $(seq 100 120); do ip addr add 20.$n.0.1/8 dev br0; done
ip link set br0 up
for n in $(seq ${MACHINES_COUNT}); do
  ip netns add m$n
  ip link add v$n type veth peer name eth0 netns m$n
  ip link set v$n master br0 up
  ip -n m$n addr add 20.0.0.$n/8 dev eth0
  ip -n m$n link set lo up
  ip -n m$n link set eth0 up
done
exec "$@"`;

/** Words before a command line that make it run on a machine, 1 to 5. */
export function onMachine(machine: number): readonly string[] {
  return ['nsenter', `--net=/run/netns/m${machine}`, '--'];
}

/** Runs a program of ours in such a network. @returns Its status and everything that it printed. */
export async function runInWorld(
  unshare: string,
  program: string,
  args: readonly string[],
  limitMs: number,
): Promise<{ readonly status: number | null; readonly output: string }> {
  const script = join(import.meta.dirname, program);
  const shell = ['sh', '-ec', WORLD, 'sh', process.execPath, script, ...args];
  // If we are killed, no nodes may stay behind: they end with the namespace's first process.
  const child = spawn(unshare, ['-rnm', '--pid', '--fork', '--kill-child', ...shell], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    const [status] = await once(child, 'close', { signal: AbortSignal.timeout(limitMs) });
    return { status: status as number | null, output };
  } catch (error) {
    throw new Error(output, { cause: error });
  } finally {
    child.kill('SIGKILL');
  }
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The image, built by buildah from the Dockerfile and run by podman: as 4.x was run, and without any privileges. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { peer } from '../interop/peer.ts';
import { debianArchive } from './machine.ts';
import { runInRoot } from './run-in-root.ts';

const NEEDED = [
  'buildah',
  'podman',
  'mmdebstrap',
  'unshare',
  'nsenter',
  'curl',
  'npm',
  'sipsak',
  'bridge',
  'iptables',
] as const;
/** From the command with which 4.x is run. */
const AS_4X = '-p 5050:5060/tcp -p 5060:5060/udp -p 8082:8082 -p 4222:4222/udp';
const JSON_TYPE = '-H "Content-Type: application/json"';

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** podman in separate namespaces, with the storage in `folder`. */
class Engine implements AsyncDisposable {
  readonly #storage: string;
  readonly #process = spawn(join(import.meta.dirname, 'engine.sh'), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

  constructor(folder: string) {
    this.#storage = folder;
  }

  async ready(): Promise<void> {
    await once(this.#process.stdout, 'data');
  }

  /** Runs a shell line in there. */
  attempt(line: string): Ran {
    const args = ['-t', String(this.#process.pid), '-m', '-n', 'sh', '-c', `{ ${line}; } 2>&1`];
    const { status, stdout } = spawnSync('nsenter', args, { encoding: 'utf8' });
    // Without systemd nothing runs the health check automatically, and podman says so each time.
    return { status, output: stdout.replaceAll(/^.*systemd connection.*\n/gmu, '') };
  }

  podman(line: string): Ran {
    const storage = `--root ${this.#storage}/images --runroot ${this.#storage}/run --storage-driver vfs`;
    return this.attempt(`podman ${storage} --cgroup-manager cgroupfs ${line}`);
  }

  /** Starts a container from the image and waits for its API. */
  async start(name: string, flags: string): Promise<void> {
    // If root may not raise limits, podman's own defaults are refused; these are its current ones.
    const limits = '--ulimit nofile=1024:1024 --ulimit nproc=32768:32768';
    const run = `run -d ${flags} --name ${name} --cgroups=disabled ${limits} sentrypeer:latest`;
    const started = this.podman(run);
    assert.equal(started.status, 0, started.output);
    await until(
      'the API',
      () => this.attempt('curl -fs http://localhost:8082/readyz').status === 0,
    );
  }

  /** Stops it as container engines do, and removes it. @returns Its exit status. */
  stop(name: string): string {
    assert.equal(this.podman(`stop -t 10 ${name}`).status, 0);
    const status = this.podman(`inspect ${name} --format '{{.State.ExitCode}}'`).output.trim();
    this.podman(`rm ${name}`);
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of ['plain', 'bare']) this.podman(`rm -f ${name}`);
    this.#process.kill('SIGKILL');
    await once(this.#process, 'close');
  }
}

test('the image runs as 4.x did, and with a random user, no capability and a read-only root', async (t) => {
  if (NEEDED.some((name) => peer(name, t) === undefined)) return;
  using folder = new TemporaryFolder();
  const build = join(import.meta.dirname, 'image.sh');
  runInRoot('unshare', ['--mount', build, folder.path, debianArchive(), process.execPath]);
  await using engine = new Engine(folder.path);
  await engine.ready();

  await engine.start('plain', AS_4X);
  const { output: health } = engine.attempt(
    `curl -s ${JSON_TYPE} http://localhost:8082/health-check`,
  );
  assert.match(health, /"message": "Hello from SentryPeer!"/u);
  const { output: none } = engine.attempt('curl -s http://localhost:8082/ip-addresses');
  assert.match(none, /No bad actors found/u);
  assert.match(engine.attempt('sipsak -vs sip:127.0.0.1:5060').output, /^SIP\/2\.0 200/mu);
  await until('the event', () => {
    return engine
      .attempt('curl -s http://localhost:8082/v1/addresses')
      .output.includes('"items":[{');
  });
  const dashboard = engine.attempt('curl -s -H "Accept: text/html" http://localhost:8082/');
  assert.match(dashboard.output, /<script/u);
  // It is the first process of its namespace, and its own binary reports whether it is well.
  assert.match(engine.podman('logs plain').output, /or kill 1$/mu);
  assert.equal(engine.podman('healthcheck run plain').status, 0);
  const shell = engine.podman('exec plain sh -c true');
  assert.match(shell.output, /not found/u);
  const licences = engine.podman(
    'exec plain /usr/lib/sentrypeer/node /usr/lib/sentrypeer/main.js --licences',
  );
  assert.match(licences.output, /fastify \S+: MIT/u);
  assert.equal(engine.stop('plain'), '0');

  const rights =
    '--network host --user 12345 --cap-drop=all --read-only --security-opt no-new-privileges';
  const variables =
    '-e SENTRYPEER_DB_FILE=/data/other.db -e SENTRYPEER_JSON_LOG_FILE=/data/log.json';
  engine.podman('volume create data');
  await engine.start('bare', `${rights} ${variables} -v data:/data:U`);
  const pid = engine.podman("inspect bare --format '{{.State.Pid}}'").output.trim();
  const { output: status } = engine.attempt(`cat /proc/${pid}/status`);
  assert.match(status, /^Uid:\t12345\t/mu);
  assert.match(status, /^CapBnd:\t0+$/mu);
  assert.equal(engine.podman('healthcheck run bare').status, 0);
  const { output: data } = engine.podman("volume inspect data --format '{{.Mountpoint}}'");
  assert.match(engine.attempt(`ls ${data.trim()}`).output, /log\.json\nother\.db/u);
  assert.equal(engine.stop('bare'), '0');
});

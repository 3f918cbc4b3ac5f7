// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TemporaryFolder, until } from '../e2e/daemon-process.ts';

/** Milliseconds for one command inside, on a very busy machine: dpkg waits for its disk. */
const COMMAND_MS_MAX = 600_000;

/** What a freshly installed Debian has, and what the test uses to examine the package. */
const PACKAGES = 'systemd,systemd-sysv,dbus,curl,iproute2,libatomic1,libstdc++6,logrotate,nftables';

/** The root of such a Debian as an archive, made once by mmdebstrap. */
export function debianArchive(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const archive = join(cache, 'sentrypeer', 'bookworm-systemd.tar');
  if (existsSync(archive)) return archive;
  mkdirSync(join(cache, 'sentrypeer'), { recursive: true });
  const partial = `${archive}.${process.pid}.tar`;
  const args = ['--variant=minbase', `--include=${PACKAGES}`, 'bookworm', partial];
  const made = spawnSync('mmdebstrap', args, { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  renameSync(partial, archive);
  return archive;
}

/** Where version 2 cgroups are, whether or not version 1 is there as well. */
function unifiedGroups(): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const found = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2');
  assert.ok(found?.[1] !== undefined, 'no cgroup2 is mounted: mount -t cgroup2 none FOLDER');
  return found[1];
}

/** A Debian with its own systemd, network and users, using only namespaces of this kernel. Needs root. */
export class Machine implements AsyncDisposable {
  /** Its root, to put files in. */
  readonly root: string;
  readonly #folder: TemporaryFolder;
  readonly #group: string;
  readonly #process: ChildProcess;
  #init = 0;

  private constructor() {
    this.#folder = new TemporaryFolder();
    this.root = join(this.#folder.path, 'root');
    this.#group = join(unifiedGroups(), `sentrypeer-test-${process.pid}`);
    mkdirSync(this.root);
    const unpacked = spawnSync('tar', ['-C', this.root, '-xf', debianArchive()]);
    assert.equal(unpacked.status, 0, unpacked.stderr.toString());
    const boot = join(import.meta.dirname, 'boot.sh');
    this.#process = spawn(boot, [this.root, this.#group], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  /** Resolves when everything that it starts at boot has started. */
  static async boot(): Promise<Machine> {
    const machine = new Machine();
    try {
      const { pid } = machine.#process;
      await until('the boot', () => {
        // Until its own first process is there, its children are those of boot.sh.
        const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
        machine.#init = Number(children.split(' ')[0]);
        return machine.#init > 0 && machine.attempt('systemctl is-system-running').status === 0;
      });
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  /** Runs a line of shell inside, as root. */
  attempt(line: string): { readonly status: number | null; readonly output: string } {
    const enter = ['-t', String(this.#init), '-m', '-p', '-u', '-i', '-n', '-C'];
    const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
    const env = { PATH, HOME: '/root', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
    const run = spawnSync('/usr/bin/nsenter', [...enter, '/bin/sh', '-c', `{ ${line}; } 2>&1`], {
      env,
      encoding: 'utf8',
      timeout: COMMAND_MS_MAX,
    });
    return { status: run.status, output: run.stdout };
  }

  /** Like {@link attempt}; a failure fails the test. */
  run(line: string): string {
    const { status, output } = this.attempt(line);
    assert.equal(status, 0, `${line}\n${output}`);
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its first process ends with it, and all others with that one.
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGKILL');
      await once(this.#process, 'exit');
    }
    // It leaves empty groups, nested in one another.
    await until('its processes to end', () => {
      spawnSync('find', [this.#group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
      return !existsSync(this.#group);
    });
    this.#folder[Symbol.dispose]();
  }
}

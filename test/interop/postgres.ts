// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A PostgreSQL for one test: a cluster in a temporary folder, on a Unix socket and a free loopback port. */

import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { until } from '../e2e/daemon-process.ts';
import { peer } from './peer.ts';

/** PostgreSQL refuses to run as root, so it then runs as nobody. */
export const NOBODY = 65_534;

export interface PostgresOptions {
  /** Lines of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The folder in which that of the server is made. @default the system's for temporary files */
  readonly parent?: string | undefined;
}

/** A running server; its superuser is `owner`, who needs no password on the socket. */
export class Postgres implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly #program: string;
  readonly #ids: { readonly uid?: number; readonly gid?: number };
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  log = '';

  private constructor(program: string, port: number, parent: string) {
    this.#program = program;
    this.port = port;
    this.#ids = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    this.folder = mkdtempSync(join(parent, 'postgres-'));
    chmodSync(this.folder, 0o755); // The socket is in it.
    if (this.#ids.uid !== undefined) chownSync(this.folder, NOBODY, NOBODY);
  }

  /** `undefined` if the package is missing and the test was skipped. */
  static async start(
    context: TestContext,
    { settings = {}, parent = tmpdir() }: PostgresOptions = {},
  ): Promise<Postgres | undefined> {
    const program = peer('postgres', context);
    const initdb = peer('initdb', context);
    if (program === undefined || initdb === undefined) return undefined;
    const server = new Postgres(program, await freePort(), parent);
    try {
      const data = join(server.folder, 'data');
      const args = ['-D', data, '-U', 'owner', '-E', 'UTF8', '--locale=C', '-N'];
      execFileSync(initdb, [...args, '--auth-local=trust', '--auth-host=scram-sha-256'], {
        ...server.#ids,
        cwd: server.folder,
        stdio: 'pipe',
      });
      await server.begin(settings);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A hot standby of this server, which streams from it and serves reads until `promote()`; it is not started yet. */
  async standby(context: TestContext): Promise<Postgres | undefined> {
    const basebackup = peer('pg_basebackup', context);
    if (basebackup === undefined) return undefined;
    const standby = new Postgres(this.#program, await freePort(), tmpdir());
    const from = ['-h', this.folder, '-p', String(this.port), '-U', 'owner'];
    const to = ['-D', join(standby.folder, 'data'), '-X', 'stream', '-c', 'fast', '-R', '-N'];
    execFileSync(basebackup, [...from, ...to], {
      ...this.#ids,
      cwd: standby.folder,
      stdio: 'pipe',
    });
    return standby;
  }

  /** Ends the recovery of a standby: from now on it accepts writes. */
  async promote(): Promise<void> {
    await this.rows('postgres', 'SELECT pg_promote()');
  }

  /** Starts it, also after `kill()`. */
  async begin(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const all = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.folder,
      // Killing the process loses nothing that the kernel has; tests do not crash the machine.
      fsync: 'off',
      shared_buffers: '64MB',
      log_statement: 'all',
      log_min_messages: 'info',
      ...settings,
    };
    const child = spawn(
      this.#program,
      [
        '-D',
        join(this.folder, 'data'),
        ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      { ...this.#ids, cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#child = child;
    this.#ended = once(child, 'exit');
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    await until('PostgreSQL to take connections', async () => {
      assert.equal(child.exitCode, null, this.log);
      const client = this.client('postgres', 'owner');
      try {
        await client.connect();
        return true;
      } catch {
        return false; // It starts, or recovers.
      } finally {
        await client.end().catch(() => undefined);
      }
    });
  }

  /** Stops it without a checkpoint, as `pg_ctl stop -m immediate` does: the next start recovers. */
  async stopAtOnce(): Promise<void> {
    this.#child?.kill('SIGQUIT');
    await this.#ended;
  }

  /**
   * From now on no file may become longer than this, as on a disk that is full: segments of the WAL have 16 MiB, so no
   * new one can be made. Holds until the next start.
   */
  limitFiles(octets: number): void {
    const id = this.#child?.pid ?? 0;
    const limit = (one: string): void =>
      void execFileSync('prlimit', ['--pid', one, `--fsize=${octets}`], {
        ...this.#ids,
        stdio: 'pipe',
      });
    limit(String(id)); // From now on its new children have it, too.
    const children = readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').trim().split(' ');
    for (const child of children) {
      try {
        limit(child);
      } catch (error) {
        if (existsSync(`/proc/${child}`)) throw error;
      }
    }
  }

  /** Kills all of it with SIGKILL: the postmaster and all its processes. */
  async kill(): Promise<void> {
    const id = this.#child?.pid;
    if (id === undefined) return;
    const children = readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').trim().split(' ');
    this.#child?.kill('SIGKILL');
    for (const child of children.filter((text) => text !== '')) {
      try {
        process.kill(Number(child), 'SIGKILL');
      } catch {
        // It had ended.
      }
    }
    await this.#ended;
    rmSync(join(this.folder, 'data/postmaster.pid'), { force: true });
  }

  /** The address of a database over the socket. */
  url(database: string, user = 'owner'): string {
    return `postgres://${user}@localhost:${this.port}/${database}?host=${encodeURIComponent(this.folder)}`;
  }

  /** A client over the socket, not connected yet. */
  client(database: string, user: string): pg.Client {
    const client = new pg.Client({ host: this.folder, port: this.port, database, user });
    client.on('error', () => undefined); // Tests kill the server.
    return client;
  }

  /** The rows of a statement; without parameters there may be several statements. */
  async rows(
    database: string,
    sql: string,
    values?: readonly unknown[],
  ): Promise<readonly Record<string, unknown>[]> {
    const client = this.client(database, 'owner');
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(
        sql,
        values === undefined ? undefined : [...values],
      );
      return rows;
    } finally {
      await client.end();
    }
  }

  /** The one number that a query answers. */
  async number(database: string, sql: string): Promise<number> {
    const [row] = await this.rows(database, sql);
    return Number(Object.values(row ?? {})[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined && this.#child.exitCode === null) {
      this.#child.kill('SIGINT'); // A fast stop: connections are ended.
      await this.#ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A fleet for tests: PostgreSQL, its schema, and the files with which nodes join. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { readFleetAddress } from '@sentrypeer/fleet/address';
import pg from 'pg';
import { TemporaryFolder } from '../e2e/daemon-process.ts';
import { fleetCommand } from './fleet-command.ts';
import { Postgres, type PostgresOptions } from './postgres.ts';

export class FleetWorld implements AsyncDisposable {
  readonly postgres: Postgres;
  readonly folder = new TemporaryFolder();

  private constructor(postgres: Postgres) {
    this.postgres = postgres;
  }

  /** `undefined` if PostgreSQL is missing and the test was skipped. */
  static async open(
    context: TestContext,
    options: PostgresOptions = {},
  ): Promise<FleetWorld | undefined> {
    const postgres = await Postgres.start(context, {
      ...options,
      settings: { log_statement: 'none', ...options.settings },
    });
    if (postgres === undefined) return undefined;
    const world = new FleetWorld(postgres);
    try {
      await postgres.rows('postgres', 'CREATE DATABASE fleet');
      await world.command('init');
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A command of the fleet's owner, which must succeed. */
  async command(...words: readonly string[]): Promise<string> {
    const run = await fleetCommand(...words, '--fleet', this.postgres.url('fleet'));
    assert.equal(run.status, 0, run.stderr);
    return run.stdout;
  }

  /** Lets a node in. @returns Its file for `--fleet-file`; it connects over TCP with its password. */
  async join(name: string, role = 'sensor'): Promise<string> {
    const path = join(this.folder.path, `${name}.fleet`);
    await this.command('join', name, role, path);
    const { port } = this.postgres;
    writeFileSync(path, `postgres://${name}:${this.password(name)}@127.0.0.1:${port}/fleet\n`);
    return path;
  }

  password(name: string): string {
    const reading = readFleetAddress(readFileSync(join(this.folder.path, `${name}.fleet`), 'utf8'));
    assert.ok('address' in reading);
    return reading.address.password ?? '';
  }

  /** A node's connection over TCP, not connected yet, for any statements; it is closed at the end of its scope. */
  login(name: string): pg.Client & AsyncDisposable {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.postgres.port,
      database: 'fleet',
      user: name,
      password: this.password(name),
    });
    client.on('error', () => undefined); // PostgreSQL may end before it.
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
  }

  rows(sql: string): Promise<readonly Record<string, unknown>[]> {
    return this.postgres.rows('fleet', sql);
  }

  number(sql: string): Promise<number> {
    return this.postgres.number('fleet', sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.postgres[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

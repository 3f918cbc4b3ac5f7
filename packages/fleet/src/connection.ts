// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Socket } from 'node:net';
import { fileTrouble, readSmallFile } from '@sentrypeer/bytes/file';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import pg from 'pg';
import { formatFleetAddress, type FleetAddress } from './address.ts';
import {
  AUTHORITIES_OCTETS_MAX,
  CLOSE_MS_MAX,
  CONNECT_MS_MAX,
  SILENCE_LOOK_MS,
  SILENCE_MS,
  STATEMENT_MS_MAX,
} from './limits.ts';

/** A row of an answer; `bigint` of PostgreSQL is a text. */
export type Row = Readonly<Record<string, unknown>>;

/** SQLSTATE classes with which the server refuses us: authorization, catalogue, privilege. */
const REFUSED_STATES: ReadonlySet<string> = new Set(['28000', '28P01', '3D000', '42501']);
/** `connection_exception`, `operator_intervention`: the server is unavailable at present. */
const AWAY_CLASSES: ReadonlySet<string> = new Set(['08', '57']);
/** `query_canceled`: of that class, but only one statement ended, because it exceeded its time limit. */
export const STATEMENT_TIMEOUT = '57014';
/** `insufficient_resources`: the disk is full, or there are too many connections. */
const EXHAUSTED_CLASS = '53';
/** From Node.js and OpenSSL: why a certificate is not that of the server that was asked for. */
const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const OUT_OF_TIME: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
/** SQLSTATE: five digits or capitals. */
const STATE_CHARACTERS = 5;

/** Called when an answer is overdue; it is still waited for. */
export type OnSilent = (error: OperatingError) => void;

/** One connection to a fleet's database. All errors are an `OperatingError`, and never contain the password. */
export class FleetConnection implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #address: FleetAddress;
  readonly #onSilent: OnSilent;
  #failure: Error | undefined;
  #isClosed = false;

  private constructor(
    client: pg.Client,
    address: FleetAddress,
    onSilent: OnSilent = () => undefined,
  ) {
    this.#client = client;
    this.#address = address;
    this.#onSilent = onSilent;
    // Between two statements nothing else receives it.
    client.on('error', (error) => (this.#failure ??= error));
  }

  /**
   * Connects and logs in; throws `OperatingError`.
   *
   * @param onSilent Called if an answer takes more than some seconds; it is still waited for.
   * @param options.isPipelined Whether statements are sent without waiting for the answer to the previous one. Such a
   * connection cannot COPY.
   */
  static async open(
    address: FleetAddress,
    purpose: string,
    onSilent?: OnSilent,
    { isPipelined = false } = {},
  ): Promise<FleetConnection> {
    const { host, port, database, user, password, tls } = address;
    const client = new pg.Client({
      host,
      port,
      database,
      user,
      ...(password === undefined ? {} : { password }),
      ssl: tls === 'off' ? false : { ...authoritiesOf(tls), rejectUnauthorized: true },
      application_name: `sentrypeer ${purpose}`,
      connectionTimeoutMillis: CONNECT_MS_MAX,
      query_timeout: STATEMENT_MS_MAX,
      keepAlive: true,
      pipeline: isPipelined,
    });
    const connection = new FleetConnection(client, address, onSilent);
    try {
      await client.connect();
      return connection;
    } catch (error) {
      await connection.close();
      throw connection.failure(error);
    }
  }

  /** One statement with its parameters. Throws `OperatingError`. */
  async rows(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    try {
      const { rows } = await this.answered(this.#client.query<Row>(sql, [...values]));
      return rows;
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** Several statements without parameters. @returns The answer of the last one. Throws `OperatingError`. */
  async run(sql: string): Promise<readonly Row[]> {
    try {
      const results: unknown = await this.answered(this.#client.query(sql));
      // Of several statements `pg` gives a list.
      const last = (Array.isArray(results) ? results.at(-1) : results) as pg.QueryResult<Row>;
      return last.rows;
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** Waits for an answer of the server, and reports if nothing is transferred meanwhile: it is slow, or waits itself. */
  async answered<T>(answer: Promise<T>): Promise<T> {
    const stream = this.#client.connection.stream as Socket;
    let octets = 0;
    let silentMs = 0;
    const timer = setInterval(() => {
      const now = stream.bytesRead + stream.bytesWritten;
      silentMs = now === octets ? silentMs + SILENCE_LOOK_MS : 0;
      octets = now;
      if (silentMs === SILENCE_MS) this.#onSilent(this.#silence());
    }, SILENCE_LOOK_MS);
    try {
      return await answer;
    } finally {
      clearInterval(timer);
    }
  }

  #silence(): OperatingError {
    const place = formatFleetAddress(this.#address);
    return new OperatingError(
      'fleet_silent',
      `the fleet's database ${place} has not answered for ${SILENCE_MS / 1000} s: it is slow, somebody holds a lock in it, or the way to it is cut`,
    );
  }

  /** Starts a COPY; its rows are written to the returned object. */
  copy<T extends pg.Submittable>(statement: T): T {
    return this.#client.query(statement);
  }

  /** Runs `work` in one transaction. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.run('BEGIN');
    try {
      const result = await work();
      await this.run('COMMIT');
      return result;
    } catch (error) {
      await this.run('ROLLBACK').catch(() => undefined); // The first error is the one to report.
      throw error;
    }
  }

  /** What went wrong, for people: where, and what the server or the system says. */
  failure(error: unknown): OperatingError {
    if (error instanceof OperatingError) return error;
    const cause = this.#failure ?? error;
    const state = sqlState(error);
    const why = cause instanceof Error && cause.message !== '' ? cause.message : String(cause);
    const place = formatFleetAddress(this.#address);
    const wrong = certificateTrouble(errorCode(cause) ?? '', why);
    if (wrong !== undefined) {
      const text = `the fleet's database ${place} shows a certificate ${wrong}`;
      return new OperatingError('fleet_certificate_refused', text, { cause });
    }
    const isAway = state === undefined || AWAY_CLASSES.has(state.slice(0, 2));
    if (isAway && state !== STATEMENT_TIMEOUT) {
      const code = errorCode(cause);
      const text = code === undefined || why.includes(code) ? why : `${code}: ${why}`;
      return new OperatingError(
        'fleet_unreachable',
        `the fleet's database ${place} does not answer (${text})`,
        { cause },
      );
    }
    if (state?.startsWith(EXHAUSTED_CLASS)) {
      return new OperatingError(
        'fleet_exhausted',
        `the fleet's database ${place} has no room for this: ${why} (SQLSTATE ${state})`,
        { cause },
      );
    }
    if (state !== undefined && REFUSED_STATES.has(state)) {
      return new OperatingError(
        'fleet_refused',
        `the fleet's database ${place} refuses this: ${why} (SQLSTATE ${state})`,
        { cause },
      );
    }
    return new OperatingError(
      'fleet_failed',
      `the fleet's database ${place} reports: ${why} (SQLSTATE ${state})`,
      { cause },
    );
  }

  /** Ends it at once; pending queries fail. */
  destroy(): void {
    this.#isClosed = true;
    this.#client.connection.stream.destroy();
  }

  /** Idempotent; does not wait long for a server that does not answer. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const timer = setTimeout(() => this.destroy(), CLOSE_MS_MAX);
    await this.#client.end().catch(() => undefined); // It was gone already.
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The five-character code of an error from the server; `undefined` for network errors. */
export function sqlState(error: unknown): string | undefined {
  const { cause } = error instanceof OperatingError ? error : { cause: error };
  if (!(cause instanceof pg.DatabaseError)) return undefined;
  return cause.code?.length === STATE_CHARACTERS ? cause.code : undefined;
}

/** In words that continue "a certificate"; `undefined` if the error is about something else. */
function certificateTrouble(code: string, why: string): string | undefined {
  if (code === WRONG_NAME) {
    return `for another name (${why}): correct the host in the address, or give the server a certificate for it`;
  }
  if (UNTRUSTED.has(code)) {
    return `that is not of an authority which this node trusts (${why}): name the file of a private one by sslrootcert`;
  }
  return OUT_OF_TIME.has(code)
    ? `that is out of its time (${why}): give the server a new one, and see to the clock of this machine`
    : undefined;
}

function authoritiesOf({ authoritiesFile }: Exclude<FleetAddress['tls'], 'off'>) {
  if (authoritiesFile === undefined) return {};
  try {
    return { ca: new TextDecoder().decode(readSmallFile(authoritiesFile, AUTHORITIES_OCTETS_MAX)) };
  } catch (cause) {
    throw new OperatingError(
      'fleet_authorities_unreadable',
      `the certificates ${authoritiesFile} (sslrootcert) cannot be read (${fileTrouble(cause)})`,
      { cause },
    );
  }
}
